#include "deploy/apache/layout.h"

#include "base/buf.h"
#include "base/fs.h"
#include <fcntl.h>
#include <sys/utsname.h>

#define COUNT(v) (sizeof(v) / sizeof(v)[0])

static const struct apa_layout layouts[] = {
    { .ids = "debian ubuntu linuxmint",
      .root = "/etc/apache2",
      .sites = "sites-available",
      .challenge = "",
      .logs = "/var/log/apache2",
      .ctl = "apache2ctl",
      .stapling = "shmcb:/var/run/apache2/stapling_cache(128000)",
      .enmod = "a2enmod" },
    /* since Fedora 29 and RHEL 9 apachectl passes no options on to httpd */
    { .ids = "fedora rhel centos ol amzn cloudlinux scientific",
      .root = "/etc/httpd",
      .sites = "conf.d",
      .challenge = "conf.d",
      .logs = "/var/log/httpd",
      .ctl = "apachectl",
      .bin = "httpd",
      .stapling = "shmcb:/run/httpd/stapling_cache(128000)",
      .options = "/etc/sysconfig/httpd",
      .option = "OPTIONS",
      .restart = true },
    { .ids = "suse opensuse sles opensuse-leap opensuse-tumbleweed",
      .root = "/etc/apache2",
      .sites = "vhosts.d",
      .challenge = "vhosts.d",
      .logs = "/var/log/apache2",
      .ctl = "apachectl",
      .stapling = "shmcb:/var/lib/apache2/stapling_cache(128000)",
      .enmod = "a2enmod" },
    { .ids = "gentoo",
      .root = "/etc/apache2",
      .sites = "vhosts.d",
      .challenge = "vhosts.d",
      .logs = "/var/log/apache2",
      .ctl = "apache2ctl",
      .stapling = "shmcb:/run/apache_stapling_cache(128000)",
      .options = "/etc/conf.d/apache2",
      .option = "APACHE2_OPTS",
      .restart = true },
    { .ids = "arch",
      .root = "/etc/httpd",
      .sites = "conf",
      .challenge = "conf",
      .logs = "/var/log/httpd",
      .ctl = "apachectl",
      .stapling = "shmcb:/run/httpd/stapling_cache(128000)" },
    { .ids = "void",
      .root = "/etc/apache",
      .sites = "extra",
      .challenge = "extra",
      .logs = "/var/log/httpd",
      .ctl = "apachectl",
      .stapling = "shmcb:/run/httpd/stapling_cache(128000)" },
    { .ids = "darwin",
      .root = "/etc/apache2",
      .sites = "other",
      .challenge = "other",
      .logs = "/var/log/apache2",
      .ctl = "apachectl",
      .stapling = "shmcb:/private/var/run/stapling_cache(128000)" },
};

static const struct apa_layout *layout_named(signet_str id)
{
    for (size_t i = 0; i < COUNT(layouts); i++) {
        signet_str one, rest = str_of(layouts[i].ids);
        while (rest.n) {
            (void)str_cut(rest, ' ', &one, &rest);
            if (str_ieq(one, id))
                return &layouts[i];
        }
    }
    return NULL;
}

/* The value of the last NAME=VALUE, without its quotes. */
static signet_str value_of(signet_str text, signet_str name)
{
    signet_str line, key, value, found = { 0 };
    while (text.n) {
        (void)str_cut(text, '\n', &line, &text);
        if (!str_cut(str_trim(line), '=', &key, &value) || !str_eq(key, name))
            continue;
        bool quoted = value.n >= 2 && (value.p[0] == '"' || value.p[0] == '\'') && value.p[value.n - 1] == value.p[0];
        found = quoted ? (signet_str){ value.p + 1, value.n - 2 } : value;
    }
    return found;
}

const struct apa_layout *apa_layout_of(signet_str os_release)
{
    signet_str word, like = value_of(os_release, STR("ID_LIKE"));
    const struct apa_layout *found = layout_named(value_of(os_release, STR("ID")));
    while (!found && like.n) {
        (void)str_cut(like, ' ', &word, &like);
        found = layout_named(word);
    }
    return found ? found : &layouts[0];
}

const struct apa_layout *apa_layout_here(void)
{
    BUF_AUTO(text, 65536);
    struct utsname system;
    if (!fs_read(AT_FDCWD, "/etc/os-release", &text, NULL) || !fs_read(AT_FDCWD, "/usr/lib/os-release", &text, NULL))
        return apa_layout_of(buf_str(&text));
    const struct apa_layout *found = uname(&system) ? NULL : layout_named(str_of(system.sysname));
    return found ? found : &layouts[0];
}

int apa_layout_defines(signet_str file, const char *variable, struct strlist *ret)
{
    STRLIST_AUTO(words);
    int rc = strlist_split(&words, value_of(file, str_of(variable)), ' ');
    for (size_t i = 0; !rc && i < words.n; i++) {
        signet_str s = str_of(words.v[i]);
        if (str_eq(s, STR("-D")) && i + 1 < words.n)
            rc = strlist_add_new(ret, str_of(words.v[++i]));
        else if (str_starts(s, STR("-D")) && s.n > 2)
            rc = strlist_add_new(ret, str_skip(s, 2));
    }
    return rc;
}
