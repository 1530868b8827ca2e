#include "deploy/apache/ssl_files.h"

#include "base/fs.h"
#include "crypto/digest.h"
#include <fcntl.h>
#include <limits.h>

#define FILE_MODE 0644

/* By Mozilla's recommendations, "intermediate" (https://wiki.mozilla.org/Security/Server_Side_TLS), as of 5.7. */
static const char options_text[] =
    "# TLS settings for Apache, laid here by signet and included by the virtual hosts that it has made.\n"
    "# After Mozilla's \"intermediate\" recommendations: every browser of the last ten years, nothing known to be "
    "weak.\n"
    "# A file that was changed by hand is kept as it is.\n"
    "\n"
    "SSLEngine on\n"
    "\n"
    "SSLProtocol all -SSLv2 -SSLv3 -TLSv1 -TLSv1.1\n"
    "SSLCipherSuite ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305\n"
    "SSLHonorCipherOrder off\n"
    "SSLSessionTickets off\n"
    "\n"
    "SSLOptions +StrictRequire\n";

int apa_ssl_files_put(const char *config_dir, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(hex, 128);
    uint8_t sum[32];
    fs_join(&path, config_dir, SSL_OPTIONS_APACHE);
    if (fs_exists(AT_FDCWD, buf_z(&path)))
        return 0;
    int rc = fs_replace(AT_FDCWD, buf_z(&path), str_of(options_text), FILE_MODE, true, e);
    if (rc || digest_sha256(str_of(options_text), sum))
        return rc;
    hex_enc(&hex, (signet_str){ (const char *)sum, sizeof sum });
    fs_join(&path, config_dir, ".updated-options-ssl-apache-conf-digest.txt");
    return fs_replace(AT_FDCWD, buf_z(&path), buf_str(&hex), FILE_MODE, true, e);
}
