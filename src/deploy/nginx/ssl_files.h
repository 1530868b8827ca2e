/* The two files that certbot lays beside its certificates for nginx (contract.md A2): recommended TLS settings, and
 * Diffie-Hellman parameters. */
#ifndef DEPLOY_NGINX_SSL_FILES_H
#define DEPLOY_NGINX_SSL_FILES_H

#include "deploy/change.h"

#define SSL_OPTIONS_NGINX "options-ssl-nginx.conf"
#define SSL_DHPARAM       "ssl-dhparams.pem"

/* Writes what is missing (laid_put). */
int ssl_files_put(const char *config_dir, struct err *e);
/* Adds the change of an options file that a former certbot wrote and nobody has changed since (laid_renew). */
int ssl_files_renew(const char *config_dir, struct changes *c, struct err *e);

#endif
