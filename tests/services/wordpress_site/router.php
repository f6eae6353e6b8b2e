<?php
// For PHP's own server: files as they are, scripts by their path, everything else through WordPress.
$path = rawurldecode( (string) parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH ) );
if ( strpos( $path, "\0" ) !== false || preg_match( '#(^|/)\.|wp-config#', $path ) ) {
	http_response_code( 404 );
	return true;
}
$file = realpath( $_SERVER['DOCUMENT_ROOT'] . $path );
if ( $file && is_dir( $file ) && is_file( "$file/index.php" ) ) {
	$path = rtrim( $path, '/' ) . '/index.php';
	$file = "$file/index.php";
}
if ( $file && is_file( $file ) && substr( $file, -4 ) !== '.php' ) {
	return false;
}
if ( ! $file || ! is_file( $file ) ) {
	$path = '/index.php';
	$file = $_SERVER['DOCUMENT_ROOT'] . $path;
}
$_SERVER['SCRIPT_NAME']     = $path;
$_SERVER['PHP_SELF']        = $path;
$_SERVER['SCRIPT_FILENAME'] = $file;
chdir( dirname( $file ) );
require $file;
return true;
