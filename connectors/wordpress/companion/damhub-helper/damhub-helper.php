<?php
/**
 * Plugin Name:       Damhub Helper
 * Description:       Tells a damhub when a media library item is added, changed or deleted, so that it looks at its copies at once.
 * Version:           1.0.0
 * Requires at least: 6.1
 * Requires PHP:      7.4
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       damhub-helper
 *
 * This program is free software; you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation; either version 2 of the License, or (at your option) any later
 * version. It is distributed in the hope that it will be useful, but WITHOUT ANY WARRANTY.
 */

defined( 'ABSPATH' ) || exit;

const DAMHUB_HELPER_TRIES = 5;

/** Notes what happened; it is sent once the page is done, one message for each item and event. */
function damhub_helper_note( $event, $id ) {
	static $noted = array();
	if ( ! get_option( 'damhub_helper_url' ) || ! get_option( 'damhub_helper_secret' ) ) {
		return;
	}
	if ( ! $noted ) {
		add_action(
			'shutdown',
			function () use ( &$noted ) {
				foreach ( $noted as list( $event, $id, $ours ) ) {
					damhub_helper_send( wp_generate_uuid4(), $event, $id, $ours, 1 );
				}
			}
		);
	}
	$agent = isset( $_SERVER['HTTP_USER_AGENT'] ) ? (string) $_SERVER['HTTP_USER_AGENT'] : '';
	$noted[ "$event $id" ] = array( $event, (int) $id, 0 === strpos( $agent, 'damhub/' ) );
}

/** Sends one signed message; what does not arrive is sent again later, under the same id. */
function damhub_helper_send( $key, $event, $id, $ours, $try ) {
	$body = wp_json_encode( array( 'event' => $event, 'id' => $id, 'library' => 'library', 'ours' => $ours ) );
	$time = (string) time();
	$sign = hash_hmac( 'sha256', "$key.$time.$body", (string) get_option( 'damhub_helper_secret' ) );
	$sent = wp_remote_post(
		get_option( 'damhub_helper_url' ),
		array(
			'timeout'     => 5,
			'redirection' => 0,
			'body'        => $body,
			'headers'     => array(
				'Content-Type'       => 'application/json',
				'X-Damhub-Delivery'  => $key,
				'X-Damhub-Timestamp' => $time,
				'X-Damhub-Signature' => $sign,
			),
		)
	);
	$code = is_wp_error( $sent ) ? 0 : (int) wp_remote_retrieve_response_code( $sent );
	if ( ( $code < 200 || $code > 299 ) && 410 !== $code && $try < DAMHUB_HELPER_TRIES ) {
		wp_schedule_single_event( time() + 60 * $try * $try, 'damhub_helper_send', array( $key, $event, $id, $ours, $try + 1 ) );
	}
}
add_action( 'damhub_helper_send', 'damhub_helper_send', 10, 5 );

add_action( 'add_attachment', function ( $id ) { damhub_helper_note( 'attachment.added', $id ); } );
add_action( 'edit_attachment', function ( $id ) { damhub_helper_note( 'attachment.updated', $id ); } );
add_action( 'delete_attachment', function ( $id ) { damhub_helper_note( 'attachment.deleted', $id ); } );

/** The settings page: Settings, Damhub. Only administrators see and change it. */
add_action( 'admin_init', function () {
	register_setting( 'damhub_helper', 'damhub_helper_url', array( 'sanitize_callback' => 'esc_url_raw' ) );
	register_setting( 'damhub_helper', 'damhub_helper_secret', array( 'sanitize_callback' => 'damhub_helper_keep_secret' ) );
} );

/** Keeps the old secret where the field was left empty: the page never shows it. */
function damhub_helper_keep_secret( $value ) {
	$value = trim( (string) $value );
	return '' === $value ? (string) get_option( 'damhub_helper_secret' ) : $value;
}

add_action( 'admin_menu', function () {
	add_options_page( 'Damhub', 'Damhub', 'manage_options', 'damhub-helper', 'damhub_helper_page' );
} );

function damhub_helper_page() {
	$known = get_option( 'damhub_helper_secret' ) ? __( 'A secret is stored. Leave empty to keep it.', 'damhub-helper' ) : '';
	?>
	<div class="wrap">
		<h1>Damhub</h1>
		<p><?php esc_html_e( 'Copy both values from the connection\'s page in damhub.', 'damhub-helper' ); ?></p>
		<form method="post" action="options.php">
			<?php settings_fields( 'damhub_helper' ); ?>
			<table class="form-table" role="presentation">
				<tr>
					<th scope="row"><label for="damhub_helper_url"><?php esc_html_e( 'Hook address', 'damhub-helper' ); ?></label></th>
					<td><input name="damhub_helper_url" id="damhub_helper_url" type="url" class="regular-text" value="<?php echo esc_attr( get_option( 'damhub_helper_url' ) ); ?>"></td>
				</tr>
				<tr>
					<th scope="row"><label for="damhub_helper_secret"><?php esc_html_e( 'Secret', 'damhub-helper' ); ?></label></th>
					<td><input name="damhub_helper_secret" id="damhub_helper_secret" type="password" class="regular-text" autocomplete="off" value=""> <?php echo esc_html( $known ); ?></td>
				</tr>
			</table>
			<?php submit_button(); ?>
		</form>
	</div>
	<?php
}
