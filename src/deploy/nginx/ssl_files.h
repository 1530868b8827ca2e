/* The two files that certbot lays beside its certificates for nginx (contract.md A2): recommended TLS settings, and
 * Diffie-Hellman parameters. */
#ifndef DEPLOY_NGINX_SSL_FILES_H
#define DEPLOY_NGINX_SSL_FILES_H

#include "base/err.h"

#define SSL_OPTIONS_NGINX "options-ssl-nginx.conf"
#define SSL_DHPARAM       "ssl-dhparams.pem"

/* Writes what is missing, and renews an options file that a former certbot wrote and nobody has changed since. One that
 * somebody has changed is left alone. */
int ssl_files_put(const char *config_dir, struct err *e);

#endif
