/* What may come over the line, in both directions. The first byte chooses: main's words as the talker decodes them, or
 * the talker's as main takes them, checks and signing included. */
#include "talker/ca_int.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode_main(struct wire_frame *f)
{
    struct msg_mem m = { 0 };
    struct msg_config config;
    signet_account_params account;
    signet_order_params order;
    struct msg_key key;
    signet_str s;
    uint64_t id;
    int n;
    switch ((int)f->type) {
    case WIRE_CONFIG:
        (void)msg_get_config(&f->body, &config);
        break;
    case WIRE_ACCOUNT:
        (void)msg_get_account(&f->body, &m, &account);
        break;
    case WIRE_ORDER:
        (void)msg_get_order(&f->body, &m, &order);
        break;
    case WIRE_REVOKE:
        (void)msg_get_revoke(&f->body, &s, &n, &key);
        break;
    case WIRE_ROLLOVER:
        (void)msg_get_rollover(&f->body, &key);
        break;
    case WIRE_SIGNED:
        (void)msg_get_signed(&f->body, &id, &s);
        break;
    case WIRE_CHAL_DONE:
        (void)msg_get_outcome(&f->body, &id, &n, &s);
        break;
    default:
        (void)msg_get_text(&f->body, &s);
        break;
    }
    msg_free(&m);
}

static struct key *a_key(void)
{
    static struct key *k;
    if (!k && key_new(&k, KEY_EC, 256, NULL))
        abort();
    return k;
}

static void add_run(struct ca *c, ca_job id, enum wire_type kind)
{
    static const signet_ident idents[] = { { SIGNET_IDENT_DNS, { "a.example", 9 } } };
    struct ca_run *r = calloc(1, sizeof(*r));
    if (!r)
        abort();
    r->id = id;
    r->kind = kind;
    r->idents = idents;
    r->n_idents = 1;
    r->next = c->runs;
    c->runs = r;
    c->n_runs++;
}

/* A main's end as ca_open leaves it, with a job of each kind and nothing to write to. */
static struct ca *new_ca(void)
{
    struct ca *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    wire_init(&c->wire, -1, WIRE_TALKER);
    c->pid = -1;
    c->last = &c->first;
    c->why_lost = BUF_INIT(CA_WORDS_MAX);
    c->saved = BUF_INIT(64u << 10);
    c->account = BUF_INIT(CA_URL_MAX);
    c->thumbprint = BUF_INIT(128);
    static struct loop *loop;
    struct signer_config here = { .directory_url = STR("https://ca.example/dir"), .in_process = true };
    if ((!loop && loop_new(&loop, NULL)) || signer_open(&c->signer, loop, &here, ca_signed, c, NULL) ||
        ca_set_key(c, a_key()))
        abort();
    c->loop = loop;
    add_run(c, 1, WIRE_ORDER);
    add_run(c, 2, WIRE_ACCOUNT);
    add_run(c, 3, WIRE_ARI);
    add_run(c, 4, WIRE_REVOKE);
    add_run(c, 5, WIRE_DIRECTORY);
    return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum wire_end from = data[0] & 1 ? WIRE_TALKER : WIRE_MAIN;
    signet_str in = { (const char *)data + 1, size - 1 };
    struct ca *c = from == WIRE_TALKER ? new_ca() : NULL;
    struct wire_frame f;
    size_t used;
    while (wire_decode(in, from, &f, &used) == 1) {
        if (!c)
            decode_main(&f);
        else if (c->lost || ca_take(c, &f))
            break;
        in = str_skip(in, used);
    }
    ca_close(c);
    return 0;
}
