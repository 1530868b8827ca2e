/* Options of plug-ins, in the order of their names. Values of those that other rooms know nothing of yet are kept as
 * they are (request.foreign), under the names that certbot stores them by. */
#include "options/rows.h"

#define KEPT(name, meta, topic, dflt, text)                                                                            \
    {                                                                                                                  \
        OPT_ID_FOREIGN, name, OPT_SPECIAL, .metavar = (meta), .topics = (topic), .default_text = (dflt),               \
                                           .help = (text), .special = set_foreign                                      \
    }
#define KEPT_NUMBER(name, topic, dflt, text)                                                                           \
    {                                                                                                                  \
        OPT_ID_FOREIGN, name, OPT_SPECIAL, .metavar = "SECONDS", .topics = (topic), .default_text = (dflt),            \
                                           .help = (text), .special = set_foreign_number                               \
    }
#define APACHE(name, meta, dflt, text) KEPT("--apache-" name, meta, "apache", dflt, text)
#define DNS_WAIT(name, wait)                                                                                           \
    KEPT_NUMBER("--dns-" name "-propagation-seconds", "dns-" name, wait,                                               \
                "Seconds to wait for the record to be seen everywhere before the CA is asked to look.")
#define DNS_FILE(name)                                                                                                 \
    {                                                                                                                  \
        OPT_ID_FOREIGN, "--dns-" name "-credentials", OPT_SPECIAL,                                                     \
            .metavar = "FILE", .topics = "dns-" name, .default_text = "None",                                          \
            .help = "File (INI) with what is needed to log in there.", .special = set_foreign_path                     \
    }
#define DNS(name, wait) DNS_WAIT(name, wait), DNS_FILE(name)

static const struct opt rows[] = {
    APACHE("enmod", "PATH", "None", "Program that enables an Apache module."),
    APACHE("dismod", "PATH", "None", "Program that disables an Apache module."),
    APACHE("le-vhost-ext", "EXT", "-le-ssl.conf", "What is added to the name of a site's file for its HTTPS copy."),
    APACHE("server-root", "DIR", "/etc/apache2", "Apache's configuration folder."),
    APACHE("vhost-root", "DIR", "None", "Folder of the sites' files."),
    APACHE("logs-root", "DIR", "/var/log/apache2", "Folder of Apache's logs."),
    APACHE("challenge-location", "DIR", "/etc/apache2", "Folder for the settings needed during a challenge."),
    APACHE("handle-modules", "BOOL", "True", "Enable modules that are needed."),
    APACHE("handle-sites", "BOOL", "True", "Enable sites that are made."),
    APACHE("ctl", "PATH", "apache2ctl", "Apache's control program."),
    APACHE("bin", "PATH", "None", "Apache's program itself."),
    DNS("cloudflare", "10"),
    DNS("digitalocean", "10"),
    DNS("dnsimple", "30"),
    DNS("dnsmadeeasy", "60"),
    DNS("gehirn", "30"),
    DNS("google", "60"),
    KEPT("--dns-google-project", "PROJECT", "dns-google", "that of the credentials",
         "Google Cloud project that has the zone."),
    DNS("linode", "120"),
    DNS("luadns", "30"),
    DNS("nsone", "30"),
    DNS("ovh", "120"),
    DNS("rfc2136", "60"),
    DNS("sakuracloud", "90"),
    { OPT_ID_MANUAL_AUTH_HOOK, "--manual-auth-hook", OPT_STRING, AT(manual_auth_hook), .metavar = "MANUAL_AUTH_HOOK",
      .remember = "manual_auth_hook", .topics = "manual", .default_text = "None",
      .help = "Command that sets one challenge up." },
    { OPT_ID_MANUAL_CLEANUP_HOOK, "--manual-cleanup-hook", OPT_STRING, AT(manual_cleanup_hook),
      .metavar = "MANUAL_CLEANUP_HOOK", .remember = "manual_cleanup_hook", .topics = "manual", .default_text = "None",
      .help = "Command that takes it away again." },
    KEPT("--nginx-server-root", "DIR", "nginx", "/etc/nginx", "nginx's configuration folder."),
    KEPT("--nginx-ctl", "PATH", "nginx", "nginx", "nginx's program."),
    KEPT_NUMBER("--nginx-sleep-seconds", "nginx", "1", "Seconds to wait for nginx to take up changes after a reload."),
    { OPT_ID_WEBROOT_PATH, "--webroot-path -w", OPT_SPECIAL, AT(webroot_path), .metavar = "WEBROOT_PATH",
      .remember = "webroot_path", .topics = "webroot", .default_text = "Ask", .special = set_webroot_path,
      .help = "Folder from which the web server serves a site. May be repeated, and holds for the names that come "
              "after it: -w /srv/a -d example.com -d www.example.com -w /srv/b -d example.net" },
    { OPT_ID_WEBROOT_MAP, "--webroot-map", OPT_SPECIAL, .metavar = "WEBROOT_MAP", .topics = "webroot",
      .default_text = "{}", .special = set_webroot_map,
      .help = "The same in JSON: '{\"example.com,www.example.com\":\"/srv/a\", \"example.net\":\"/srv/b\"}'. Its names "
              "need no -d, and it wins over -w. In cli.ini it must stand on one line." },
};
const struct opt_part opt_part_plugins = { rows, sizeof(rows) / sizeof(rows[0]) };
