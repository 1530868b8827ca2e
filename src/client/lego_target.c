/* lego's face: which names, which files. */
#include "base/fs.h"
#include "client/lego.h"
#include "plan/names.h"
#include "store/lego.h"
#include <fcntl.h>

#define CSR_FILE_MAX (1u << 20)
#define NAME_BYTES   1024

void lego_target_done(struct lego_target *t)
{
    strlist_done(&t->domains);
    strlist_done(&t->ips);
    strlist_done(&t->asked);
    if (t->from_csr)
        csr_info_done(&t->csr);
    buf_done(&t->domain);
    buf_done(&t->name);
    buf_done(&t->save_as);
}

int lego_add_name(struct lego_target *t, signet_str name, struct err *e)
{
    if (name.n > 1 && str_ends(name, STR("."))) /* "example.com." is the same name, and the files are called without */
        name.n--;
    int rc = name_is_ip(name) ? name_add_ip(&t->ips, name, e) : name_add_domain(&t->domains, name, e);
    return rc ? rc : strlist_add_new(&t->asked, name) ? err_nomem(e) : 0;
}

static int take_csr(struct lego_target *t, const char *path, struct err *e)
{
    BUF_AUTO(text, CSR_FILE_MAX);
    int rc = fs_read(AT_FDCWD, path, &text, e);
    if (rc)
        return rc;
    if ((rc = csr_read(&t->csr, buf_str(&text), e)))
        return err_wrap(e, "%s", path);
    t->from_csr = true;
    if (t->csr.common < t->csr.dns.n) /* the files are called by it */
        rc = lego_add_name(t, str_of(t->csr.dns.v[t->csr.common]), e);
    for (size_t i = 0; !rc && i < t->csr.dns.n; i++)
        rc = lego_add_name(t, str_of(t->csr.dns.v[i]), e);
    for (size_t i = 0; !rc && i < t->csr.ips.n; i++)
        rc = lego_add_name(t, str_of(t->csr.ips.v[i]), e);
    return !rc && !t->asked.n ? err_set(e, SIGNET_EINVAL, "The CSR %s names no domain and no address.", path) : rc;
}

static int name_files(struct lego_target *t, const struct run *r, struct err *e)
{
    const struct request *q = r->req;
    bool v5 = lego_tree_is_v5(r->tree);
    if (q->certname && q->certname[0])
        buf_addz(&t->domain, q->certname);
    else if (t->asked.n)
        buf_addz(&t->domain, t->asked.v[0]);
    int rc = t->domain.n ? name_for_lego(&t->name, buf_str(&t->domain), v5, e) : 0;
    buf_add(&t->save_as, q->lego.filename && q->lego.filename[0] ? str_of(q->lego.filename) : buf_str(&t->name));
    return rc ? rc : buf_err(&t->save_as) || buf_err(&t->domain) ? err_nomem(e) : 0;
}

int lego_target_init(struct lego_target *ret, struct run *r, struct err *e)
{
    *ret = (struct lego_target){ .domain = BUF_INIT(NAME_BYTES),
                                 .name = BUF_INIT(NAME_BYTES),
                                 .save_as = BUF_INIT(NAME_BYTES) };
    const struct request *q = r->req;
    int rc = q->csr && q->csr[0] ? take_csr(ret, q->csr, e) : 0;
    for (size_t i = 0; !rc && i < q->domains.n; i++)
        rc = lego_add_name(ret, str_of(q->domains.v[i]), e);
    return rc ? rc : name_files(ret, r, e);
}
