<?php
// License: GPL-2.0-or-later. Leaves nothing behind.
defined( 'WP_UNINSTALL_PLUGIN' ) || exit;
delete_option( 'damhub_helper_url' );
delete_option( 'damhub_helper_secret' );
