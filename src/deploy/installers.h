/* The installers, one each. Internal to deploy/: everybody else finds them by name. */
#ifndef DEPLOY_INSTALLERS_H
#define DEPLOY_INSTALLERS_H

#include "deploy/installer.h"

extern const struct installer_ops installer_apache, installer_nginx;

#endif
