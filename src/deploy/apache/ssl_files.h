/* certbot's options-ssl-apache.conf beside the certificates (contract.md A2). */
#ifndef DEPLOY_APACHE_SSL_FILES_H
#define DEPLOY_APACHE_SSL_FILES_H

#include "deploy/change.h"

#define SSL_OPTIONS_APACHE "options-ssl-apache.conf"

/* Writes it when it is missing (laid_put). */
int apa_ssl_files_put(const char *config_dir, struct err *e);
/* Adds the change of one that a former certbot wrote and nobody has changed since (laid_renew). */
int apa_ssl_files_renew(const char *config_dir, struct changes *c, struct err *e);

#endif
