<?php
// Readable addresses, and an account with an application password for each role that the tests speak as.
global $wp_rewrite;
update_option( 'show_avatars', 0 );
update_option( 'permalink_structure', '/%postname%/' );
$wp_rewrite->init();
$wp_rewrite->flush_rules( false );
foreach ( get_posts( array( 'post_type' => 'any', 'numberposts' => -1, 'post_status' => 'any' ) ) as $post ) {
	wp_delete_post( $post->ID, true );
}
$lines = array( 'VERSION=' . get_bloginfo( 'version' ) );
foreach ( array( 'admin' => 'administrator', 'author' => 'author', 'reader' => 'subscriber' ) as $name => $role ) {
	$user = get_user_by( 'login', $name );
	$id   = $user ? $user->ID : wp_insert_user(
		array( 'user_login' => $name, 'user_pass' => wp_generate_password(), 'user_email' => "$name@example.test", 'role' => $role )
	);
	list( $password ) = WP_Application_Passwords::create_new_application_password( $id, array( 'name' => 'tests' ) );
	$lines[]          = strtoupper( $name ) . "_PASSWORD=$password";
}
file_put_contents( getenv( 'OUT' ), implode( "\n", $lines ) . "\n" );
