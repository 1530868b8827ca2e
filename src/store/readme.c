#include "store/readme.h"

#define FILES                                                                                                          \
    "  privkey.pem    the private key. Only the server that uses it needs to read it.\n"                               \
    "  fullchain.pem  the certificate and the chain behind it: what nearly every server wants.\n"                      \
    "  cert.pem       the certificate alone.\n"                                                                        \
    "  chain.pem      the chain alone (for OCSP stapling and for servers that want it apart).\n"                       \
    "\n"                                                                                                               \
    "They are symbolic links to the newest version in ../archive and change with every renewal.\n"                     \
    "Point your server at them and reload it afterwards (a deploy hook does that).\n"                                  \
    "Do not move, rename or edit these files: renewal relies on finding them here.\n"

signet_str readme_live(bool top)
{
    if (top)
        return STR("Each folder here holds the current files of one certificate:\n\n" FILES);
    return STR("This folder holds the current files of one certificate:\n\n" FILES);
}
