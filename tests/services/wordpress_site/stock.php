<?php
/* Plugin Name: Takes any file into the library, as other plugins do; empties the site; sets options of plugins; dies */
add_filter( 'image_resize_dimensions', function ( $made ) {
	$left = (int) get_option( 'tests_die_of_sizes', 0 );
	if ( 0 === $left || 'POST' !== $_SERVER['REQUEST_METHOD'] ) {
		return $made;
	}
	update_option( 'tests_die_of_sizes', $left - 1 );
	http_response_code( 500 );
	exit;
} );
add_action( 'rest_api_init', function () {
	register_rest_route( 'tests/v1', '/stock', array(
		'methods'             => 'POST',
		'permission_callback' => function () { return current_user_can( 'manage_options' ); },
		'callback'            => function ( $request ) {
			$folder = wp_upload_dir()['path'];
			$title  = (string) $request->get_param( 'title' );
			$name   = substr( preg_replace( '/[^\w.-]+/', '-', $title ), -80 );
			$file   = $folder . '/' . wp_unique_filename( $folder, $name );
			$size   = file_put_contents( $file, $request->get_body() );
			$type   = wp_check_filetype( $file )['type'];
			$id     = wp_insert_attachment(
				wp_slash( array( 'post_title' => $title, 'post_mime_type' => $type ? $type : 'application/octet-stream' ) ),
				$file
			);
			wp_update_attachment_metadata( $id, array( 'filesize' => $size ) );
			return array( 'id' => $id );
		},
	) );
	register_rest_route( 'tests/v1', '/all', array(
		'methods'             => 'DELETE',
		'permission_callback' => function () { return current_user_can( 'manage_options' ); },
		'callback'            => function () {
			$every = array( 'publish', 'future', 'draft', 'pending', 'private', 'trash', 'inherit' );
			$found = get_posts( array( 'post_type' => array( 'post', 'attachment' ), 'post_status' => $every, 'numberposts' => -1 ) );
			foreach ( $found as $post ) {
				'attachment' === $post->post_type ? wp_delete_attachment( $post->ID, true ) : wp_delete_post( $post->ID, true );
			}
			return array( 'deleted' => count( $found ) );
		},
	) );
	register_rest_route( 'tests/v1', '/options', array(
		'methods'             => 'POST',
		'permission_callback' => function () { return current_user_can( 'manage_options' ); },
		'callback'            => function ( $request ) {
			foreach ( $request->get_json_params() as $name => $value ) {
				update_option( $name, $value );
			}
			return array();
		},
	) );
} );
