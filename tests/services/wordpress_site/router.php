<?php
// For PHP's own server: files as they are, scripts by their path, everything else through WordPress.
$path = rawurldecode( (string) parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH ) );
if ( strpos( $path, "\0" ) !== false || preg_match( '#(^|/)\.|wp-config#', $path ) ) {
	http_response_code( 404 );
	return true;
}
$asked = $path;
$base  = (string) getenv( 'WP_PATH' );
if ( getenv( 'WP_NETWORK' ) && ! file_exists( $_SERVER['DOCUMENT_ROOT'] . $path ) ) { // a further site's own files lie in the first
	$path = preg_replace( '#^' . $base . '/[\w-]+(/wp-(content|admin|includes)/.*|/[\w-]+\.php)$#', $base . '$1', $path );
}
$file = realpath( $_SERVER['DOCUMENT_ROOT'] . $path );
if ( $file && is_dir( $file ) && is_file( "$file/index.php" ) ) {
	$path = rtrim( $path, '/' ) . '/index.php';
	$file = "$file/index.php";
}
if ( $file && is_file( $file ) && substr( $file, -4 ) !== '.php' ) {
	if ( $path === $asked ) {
		return false;
	}
	header( 'Content-Type: ' . mime_content_type( $file ) );
	readfile( $file );
	return true;
}
if ( ! $file || ! is_file( $file ) ) {
	$path = $base . '/index.php';
	$file = $_SERVER['DOCUMENT_ROOT'] . $path;
}
unset( $_SERVER['PATH_INFO'] ); // PHP's server makes one up for a folder that does not exist
$_SERVER['SCRIPT_NAME']     = $path;
$_SERVER['PHP_SELF']        = $path;
$_SERVER['SCRIPT_FILENAME'] = $file;
chdir( dirname( $file ) );
require $file;
return true;
