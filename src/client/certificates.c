/* certificates: what there is. Reads only, takes no lock. */
#include "base/clock.h"
#include "base/log.h"
#include "client/lineages.h"
#include "client/obtain.h"
#include "plan/names.h"
#include <stdlib.h>

static bool wanted(const struct request *req, const char *name, const struct cert_info *c)
{
    if (req->certname && strcmp(req->certname, name))
        return false;
    for (size_t i = 0; i < req->domains.n; i++) {
        STRLIST_AUTO(one);
        if (name_add_domain(&one, str_of(req->domains.v[i]), NULL) || !strlist_has(&c->dns, str_of(one.v[0])))
            return false;
    }
    return true;
}

static void validity(struct buf *to, const struct cert_info *c, bool test, int64_t now)
{
    int64_t left = c->not_after - now;
    if (test || left <= 0) {
        buf_addf(to, "INVALID: %s%s%s", test ? "TEST_CERT" : "", test && left <= 0 ? ", " : "",
                 left <= 0 ? "EXPIRED" : "");
        return;
    }
    int64_t days = left / 86400;
    if (days == 1)
        buf_addz(to, "VALID: 1 day");
    else if (days < 1)
        buf_addf(to, "VALID: %lld hour(s)", (long long)(left / 3600));
    else
        buf_addf(to, "VALID: %lld days", (long long)days);
}

static const char *key_words(enum key_type t)
{
    return t == KEY_RSA ? "RSA" : t == KEY_EC ? "ECDSA" : t == KEY_ED25519 ? "ED25519" : "UNKNOWN";
}

static void describe(struct buf *to, const struct lineage *l, const struct cert_info *c, bool test, int64_t now)
{
    STRLIST_AUTO(all);
    strlist_copy(&all, &c->dns);
    for (size_t i = 0; i < c->ips.n; i++)
        strlist_addz(&all, c->ips.v[i]);
    buf_addf(to, "\n  Certificate Name: %s\n    Serial Number: %s\n    Key Type: %s\n    Identifiers: ", l->name,
             buf_z(&c->serial_hex), key_words(c->key_type));
    strlist_join(&all, " ", to);
    buf_addz(to, "\n    Expiry Date: ");
    clock_fmt_iso_space(to, c->not_after);
    buf_addz(to, " (");
    validity(to, c, test, now);
    buf_addf(to, ")\n    Certificate Path: %s\n    Private Key Path: %s", l->live[KIND_FULLCHAIN],
             l->live[KIND_PRIVKEY]);
}

static void report_one(struct run *r, const struct lineage *l, const struct cert_info *c, bool test, int64_t now)
{
    struct report_entry *o = report_certificate(&r->report, l->name);
    STRLIST_AUTO(all);
    BUF_AUTO(words, 64);
    strlist_copy(&all, &c->dns);
    for (size_t i = 0; i < c->ips.n; i++)
        strlist_addz(&all, c->ips.v[i]);
    validity(&words, c, test, now);
    report_text(o, "status", c->not_after <= now ? "expired" : test ? "test" : "valid");
    report_text(o, "serial", buf_z(&c->serial_hex));
    report_text(o, "key_type", key_words(c->key_type));
    report_number(o, "key_size", c->key_size);
    report_strings(o, "identifiers", &all);
    report_time(o, "not_before", c->not_before);
    report_time(o, "not_after", c->not_after);
    report_text(o, "validity", buf_z(&words));
    report_text(o, "issuer", buf_z(&c->issuer_cn));
    report_text(o, "fullchain_path", l->live[KIND_FULLCHAIN]);
    report_text(o, "privkey_path", l->live[KIND_PRIVKEY]);
}

/* By its issuer, or by the CA that renews it. */
static bool is_test(const struct lineage *l, const struct cert_info *c)
{
    BUF_AUTO(server, 8192);
    bool known = conf_get(l->conf, "renewalparams", "server", &server);
    buf_addc(&server, '\0'); /* a string that is not const is wanted, so not buf_z */
    return cert_is_test(c, &(struct request){ .server = known && !buf_err(&server) ? server.p : NULL });
}

/* Adds the lineage's text to `found`, or its file to `broken`. */
static void show(struct run *r, const char *name, int64_t now, struct buf *found, struct buf *broken)
{
    struct lineage *l = NULL;
    struct cert_info c = { 0 };
    struct err e = { 0 };
    /* The renewal parameters are not looked at: a bad one stops a renewal, not the showing of what is there. */
    if (lineage_open(&l, r->tree, name, &e) || lineage_cert(l, &c, &e)) {
        log_warn("client", "Renewal configuration file %s/renewal/%s.conf produced an unexpected error: %s. Skipping.",
                 r->tree->config_dir, name, e.text);
        buf_addf(broken, "\n  %s/renewal/%s.conf", r->tree->config_dir, name);
        struct report_entry *o = report_certificate(&r->report, name);
        report_text(o, "status", "broken");
        report_error(o, &e, NULL);
    } else if (wanted(r->req, name, &c)) {
        bool test = is_test(l, &c);
        describe(found, l, &c, test, now);
        report_one(r, l, &c, test, now);
    }
    cert_info_done(&c);
    lineage_free(l);
}

int verb_certificates(struct run *r, struct err *e)
{
    STRLIST_AUTO(names);
    BUF_AUTO(found, 64u << 20);
    BUF_AUTO(broken, 16u << 20);
    BUF_AUTO(text, 80u << 20);
    int64_t now = clock_wall_s();
    int rc = lineage_list(r->tree, &names, e);
    if (rc)
        return rc;
    for (size_t i = 0; i < names.n; i++)
        show(r, names.v[i], now, &found, &broken);
    if (!found.n && !broken.n)
        buf_addz(&text, "No certificates found.");
    if (found.n) {
        bool some = r->req->certname || r->req->domains.n;
        buf_addf(&text, "Found the following %scerts:", some ? "matching " : "");
        buf_add(&text, buf_str(&found));
    }
    if (broken.n) {
        buf_addf(&text, "%s\nThe following renewal configurations were invalid:", found.n ? "\n" : "");
        buf_add(&text, buf_str(&broken));
    }
    if (buf_err(&text))
        return err_nomem(e);
    r->ui->ops->frame(r->ui, buf_z(&text), false);
    return 0;
}
