#include "deploy/apache/ssl_files.h"

#include "deploy/laid.h"

/* By Mozilla's recommendations, "intermediate" (https://wiki.mozilla.org/Security/Server_Side_TLS), as of 5.7. */
static const char options_text[] =
    "# TLS settings for Apache, laid here by signet and included by the virtual hosts that it has made.\n"
    "# After Mozilla's \"intermediate\" recommendations: every browser of the last ten years, nothing known to be "
    "weak.\n"
    "# A file that was changed by hand is kept as it is; it will then not be renewed when recommendations change.\n"
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

/* SHA-256 of what former releases of certbot wrote: settings that are not recommended any more. */
static const char *const outdated[] = {
    "2086bca02db48daf93468332543c60ac6acdb6f0b58c7bfdf578a5d47092f82a",
    "4844d36c9a0f587172d9fa10f4f1c9518e3bcfa1947379f155e16a70a728c21a",
    "5a922826719981c0a234b1fbcd495f3213e49d2519e845ea0748ba513044b65b",
    "4066b90268c03c9ba0201068eaa39abbc02acf9558bb45a788b630eb85dadf27",
    "f175e2e7c673bd88d0aff8220735f385f916142c44aa83b09f1df88dd4767a88",
    "cfdd7c18d2025836ea3307399f509cfb1ebf2612c87dd600a65da2a8e2f2797b",
    "80720bd171ccdc2e6b917ded340defae66919e4624962396b992b7218a561791",
    "c0c022ea6b8a51ecc8f1003d0a04af6c3f2bc1c3ce506b3c2dfc1f11ef931082",
    "717b0a89f5e4c39b09a42813ac6e747cfbdeb93439499e73f4f70a1fe1473f20",
    "0fcdc81280cd179a07ec4d29d3595068b9326b455c488de4b09f585d5dafc137",
    "86cc09ad5415cd6d5f09a947fe2501a9344328b1e8a8b458107ea903e80baa6c",
    "06675349e457eae856120cdebb564efe546f0b87399f2264baeb41e442c724c7",
    "5cc003edd93fb9cd03d40c7686495f8f058f485f75b5e764b789245a386e6daf",
    "007cd497a56a3bb8b6a2c1aeb4997789e7e38992f74e44cc5d13a625a738ac73",
    "34783b9e2210f5c4a23bced2dfd7ec289834716673354ed7c7abf69fe30192a3",
};

static const struct laid_file options = { .name = SSL_OPTIONS_APACHE,
                                          .digest_name = ".updated-options-ssl-apache-conf-digest.txt",
                                          .text = options_text,
                                          .outdated = outdated,
                                          .n_outdated = sizeof outdated / sizeof outdated[0] };

int apa_ssl_files_put(const char *config_dir, struct err *e)
{
    return laid_put(&options, config_dir, e);
}

int apa_ssl_files_renew(const char *config_dir, struct changes *c, struct err *e)
{
    return laid_renew(&options, config_dir, c, e);
}
