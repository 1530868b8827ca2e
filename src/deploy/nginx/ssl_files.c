#include "deploy/nginx/ssl_files.h"

#include "deploy/laid.h"

/* By Mozilla's recommendations, "intermediate" (https://wiki.mozilla.org/Security/Server_Side_TLS), as of 5.7. */
static const char options_text[] =
    "# TLS settings for nginx, laid here by signet and included by the servers that it has installed certificates in.\n"
    "# After Mozilla's \"intermediate\" recommendations: every browser of the last ten years, nothing known to be "
    "weak.\n"
    "# A file that was changed by hand is kept as it is; it will then not be renewed when recommendations change.\n"
    "\n"
    "ssl_session_timeout 1d;\n"
    "ssl_session_cache shared:le_nginx_SSL:10m;\n"
    "ssl_session_tickets off;\n"
    "\n"
    "ssl_protocols TLSv1.2 TLSv1.3;\n"
    "ssl_prefer_server_ciphers off;\n"
    "ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305;\n";

/* The group ffdhe2048 of RFC 7919 appendix A.1. */
static const char dhparam_text[] = "-----BEGIN DH PARAMETERS-----\n"
                                   "MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz\n"
                                   "+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a\n"
                                   "87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7\n"
                                   "YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi\n"
                                   "7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD\n"
                                   "ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==\n"
                                   "-----END DH PARAMETERS-----\n";

/* SHA-256 of what former releases of certbot wrote: settings that are not recommended any more. */
static const char *const outdated[] = {
    "0f81093a1465e3d4eaa8b0c14e77b2a2e93568b0fc1351c2b87893a95f0de87c",
    "9a7b32c49001fed4cff8ad24353329472a50e86ade1ef9b2b9e43566a619612e",
    "a6d9f1c7d6b36749b52ba061fff1421f9a0a3d2cfdafbd63c05d06f65b990937",
    "7f95624dd95cf5afc708b9f967ee83a24b8025dc7c8d9df2b556bbc64256b3ff",
    "394732f2bbe3e5e637c3fb5c6e980a1f1b90b01e2e8d6b7cff41dde16e2a756d",
    "4b16fec2bcbcd8a2f3296d886f17f9953ffdcc0af54582452ca1e52f5f776f16",
    "c052ffff0ad683f43bffe105f7c606b339536163490930e2632a335c8d191cc4",
    "02329eb19930af73c54b3632b3165d84571383b8c8c73361df940cb3894dd426",
    "63e2bddebb174a05c9d8a7cf2adf72f7af04349ba59a1a925fe447f73b2f1abf",
    "2901debc7ecbc10917edd9084c05464c9c5930b463677571eaf8c94bffd11ae2",
    "30baca73ed9a5b0e9a69ea40e30482241d8b1a7343aa79b49dc5d7db0bf53b6c",
    "108c4555058a087496a3893aea5d9e1cee0f20a3085d44a52dc1a66522299ac3",
    "d5e021706ecdccc7090111b0ae9a29ef61523e927f020e410caf0a1fd7063981",
    "ef11e3fb17213e74d3e1816cde0ec37b8b95b4167cf21e7b8ff1eaa9c6f918ee",
    "af85f6193808a44789a1d293e6cffa249cad9a21135940800958b8e3c72dbc69",
    "a2a612fd21b02abaa32d9d11ac63d987d6e3054dbfa356de5800eea0d7ce17f3",
    "2d9648302e3588a172c318e46bff88ade46fc7a16d6afc85322776a04800d473",
};

static const struct laid_file files[] = {
    { .name = SSL_OPTIONS_NGINX,
      .digest_name = ".updated-options-ssl-nginx-conf-digest.txt",
      .text = options_text,
      .outdated = outdated,
      .n_outdated = sizeof outdated / sizeof outdated[0] },
    { .name = SSL_DHPARAM, .digest_name = ".updated-ssl-dhparams-pem-digest.txt", .text = dhparam_text },
};

int ssl_files_put(const char *config_dir, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < sizeof files / sizeof files[0]; i++)
        rc = laid_put(&files[i], config_dir, e);
    return rc;
}

int ssl_files_renew(const char *config_dir, struct changes *c, struct err *e)
{
    return laid_renew(&files[0], config_dir, c, e);
}
