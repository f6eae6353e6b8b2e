<?php
/* Plugin Name: Takes any file into the library, as other plugins do */
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
} );
