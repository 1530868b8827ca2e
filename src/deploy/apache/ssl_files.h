/* certbot's options-ssl-apache.conf beside the certificates (contract.md A2). */
#ifndef DEPLOY_APACHE_SSL_FILES_H
#define DEPLOY_APACHE_SSL_FILES_H

#include "base/err.h"

#define SSL_OPTIONS_APACHE "options-ssl-apache.conf"

/* Writes it when it is missing. */
int apa_ssl_files_put(const char *config_dir, struct err *e);

#endif
