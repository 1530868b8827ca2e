#include "provider/desc.h"

static bool name_ok(signet_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
            return false;
    }
    return s.n > 0 && s.n < 100;
}

static bool format_ok(signet_str s)
{
    static const signet_str known[] = { STR("json"), STR("yaml"), STR("ini"), STR("text"), STR("pairs") };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eq(s, known[i]))
            return true;
    return false;
}

/* Cuts " @format[:arg]" off the end. */
static int cut_format(struct var_def *v, signet_str *text, struct err *e)
{
    signet_str s = str_trim(*text);
    size_t at = s.n;
    while (at > 0 && s.p[at - 1] != '@')
        at--;
    if (!at || (at > 1 && s.p[at - 2] != ' ') || memchr(s.p + at, ' ', s.n - at)) {
        *text = s;
        return 0;
    }
    str_cut(str_skip(s, at), ':', &v->format, &v->format_arg);
    if (!format_ok(v->format))
        return err_set(e, SIGNET_EFORMAT, "\"@%.*s\" is no format; @json, @yaml, @ini:SECTION, @text and @pairs are",
                       STR_ARG(v->format));
    if (str_eq(v->format, STR("ini")) && !v->format_arg.n)
        return err_set(e, SIGNET_EFORMAT, "@ini wants a section, as in @ini:default");
    *text = str_trim((signet_str){ s.p, at - 1 });
    return 0;
}

/* Words in the name of a variable that say its value must not be shown. */
static bool looks_secret(signet_str name)
{
    static const signet_str ends[] = { STR("key"),      STR("token"), STR("secret"),  STR("password"),
                                       STR("pass"),     STR("pwd"),   STR("passwd"),  STR("pat"),
                                       STR("pw"),       STR("pin"),   STR("hmac"),    STR("credentials"),
                                       STR("jwt"),      STR("otp"),   STR("auth"),    STR("map"),
                                       STR("hash"),     STR("sid"),   STR("mapping"), STR("passphrase"),
                                       STR("signature") };
    bool more = true;
    while (more) {
        signet_str word;
        more = str_cut(name, '_', &word, &name);
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
            if (word.n >= ends[i].n && str_ieq(str_skip(word, word.n - ends[i].n), ends[i]))
                return true;
    }
    return false;
}

int var_parse(struct var_def *v, signet_str text, struct err *e)
{
    signet_str names;
    int rc = cut_format(v, &text, e);
    if (rc)
        return rc;
    v->has_def = str_cut(text, '=', &names, &v->def);
    v->def = str_trim(v->def);
    bool more = true;
    while (more) {
        signet_str one;
        more = str_cut(names, '|', &one, &names);
        one = str_trim(one);
        if (!name_ok(one))
            return err_set(e, SIGNET_EFORMAT,
                           "\"%.*s\" is no name of a variable; NAME | ALIAS = default @format is wanted", STR_ARG(one));
        if (v->names.n >= LIM_NAMES)
            return err_set(e, SIGNET_EFORMAT, "more than %u names for one variable", LIM_NAMES);
        rc = strlist_add(&v->names, one);
        if (rc)
            return rc;
    }
    v->secret = v->format.n != 0;
    for (size_t i = 0; i < v->names.n; i++)
        v->secret = v->secret || looks_secret(str_of(v->names.v[i]));
    return 0;
}

void var_done(struct var_def *v)
{
    strlist_done(&v->names);
}

bool desc_set_key(signet_str key)
{
    static const signet_str known[] = { STR("auth"), STR("zone_auth"), STR("login"), STR("logout"), STR("api"),
                                        STR("let"),  STR("ok"),        STR("like"),  STR("error"),  STR("zone"),
                                        STR("add"),  STR("remove"),    STR("merge"), STR("find"),   STR("after"),
                                        STR("tls"),  STR("alone"),     STR("retry"), STR("when"),   STR("times") };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eq(key, known[i]))
            return true;
    return false;
}
