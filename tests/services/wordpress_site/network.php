<?php
// What a site needs to know to be the first of a network.
define( 'MULTISITE', true );
define( 'SUBDOMAIN_INSTALL', false );
define( 'DOMAIN_CURRENT_SITE', '@HOST@' );
define( 'PATH_CURRENT_SITE', '@BASE@' );
define( 'SITE_ID_CURRENT_SITE', 1 );
define( 'BLOG_ID_CURRENT_SITE', 1 );
