#include "cli/ini.h"

#include <jansson.h>
#include <stdlib.h>

static bool blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static signet_str trim_left(signet_str s)
{
    while (s.n && blank(s.p[0]))
        s = str_skip(s, 1);
    return s;
}

void ini_done(struct ini *ini)
{
    for (size_t i = 0; i < ini->n; i++) {
        free(ini->v[i].key);
        strlist_done(&ini->v[i].values);
    }
    free(ini->v);
    *ini = (struct ini){ 0 };
}

/* The item of this key, emptied; made when missing. */
static struct ini_item *item_for(struct ini *ini, signet_str key)
{
    for (size_t i = 0; i < ini->n; i++)
        if (str_eq(str_of(ini->v[i].key), key)) {
            strlist_done(&ini->v[i].values);
            return &ini->v[i];
        }
    if (ini->n == ini->cap) {
        size_t cap = ini->cap ? ini->cap * 2 : 16;
        struct ini_item *v = reallocarray(ini->v, cap, sizeof(*v));
        if (!v)
            return NULL;
        ini->v = v;
        ini->cap = cap;
    }
    char *name = str_dup(key);
    if (!name)
        return NULL;
    ini->v[ini->n] = (struct ini_item){ .key = name };
    return &ini->v[ini->n++];
}

/* Is this the end of a line: nothing, or blanks and then a comment? */
static bool ends_line(signet_str s)
{
    signet_str rest = trim_left(s);
    return !rest.n || (rest.n < s.n && (rest.p[0] == '#' || rest.p[0] == ';'));
}

/* The value without quotes around it and comment behind it. */
static signet_str value_of(signet_str s)
{
    if (s.n > 1 && (s.p[0] == '"' || s.p[0] == '\''))
        for (size_t i = 2; i < s.n; i++)
            if (s.p[i] == s.p[0] && ends_line(str_skip(s, i + 1)))
                return (signet_str){ s.p + 1, i - 1 };
    for (size_t i = 1; i < s.n; i++)
        if (ends_line(str_skip(s, i)))
            return str_trim((signet_str){ s.p, i });
    return s;
}

static int add_json_list(struct strlist *to, const json_t *list)
{
    size_t i;
    json_t *element;
    json_array_foreach(list, i, element)
    {
        int rc = 0;
        if (json_is_string(element))
            rc = strlist_add(to, (signet_str){ json_string_value(element), json_string_length(element) });
        if (json_is_integer(element)) {
            BUF_AUTO(number, 32);
            buf_addf(&number, "%lld", (long long)json_integer_value(element));
            rc = strlist_add(to, buf_str(&number));
        }
        if (rc)
            return rc;
    }
    return 0;
}

static int add_values(struct ini_item *item, signet_str value)
{
    item->list = value.n > 1 && value.p[0] == '[' && value.p[value.n - 1] == ']';
    if (!item->list)
        return strlist_add(&item->values, value);
    json_t *list = json_loadb(value.p, value.n, 0, NULL);
    int rc;
    if (json_is_array(list))
        rc = add_json_list(&item->values, list);
    else
        rc = strlist_split(&item->values, (signet_str){ value.p + 1, value.n - 2 }, ',');
    json_decref(list);
    return rc;
}

/* Cuts a line at its key. False: it has none, or something follows it that is no value. */
static bool split_line(signet_str line, signet_str *key, signet_str *value)
{
    size_t n = 0;
    while (n < line.n && !blank(line.p[n]) && !strchr(":=;#", line.p[n]))
        n++;
    *key = (signet_str){ line.p, n };
    signet_str rest = str_skip(line, n);
    if (!n)
        return false;
    *value = STR("true");
    if (ends_line(rest))
        return true;
    bool apart = blank(rest.p[0]);
    rest = trim_left(rest);
    bool sign = rest.p[0] == '=' || rest.p[0] == ':';
    if (sign)
        rest = trim_left(str_skip(rest, 1));
    if (!sign && !apart)
        return false;
    *value = rest.n ? value_of(rest) : STR("");
    return true;
}

static int parse_line(struct ini *ini, signet_str line, size_t number, const char *name, struct err *e)
{
    signet_str key, value;
    line = str_trim(line);
    if (!line.n || strchr("#;[", line.p[0]) || str_starts(line, STR("---")))
        return 0;
    if (str_has(line, '\0') || !split_line(line, &key, &value)) {
        BUF_AUTO(shown, 1024);
        buf_add_escaped(&shown, line, 200);
        return err_set(e, SIGNET_EUSAGE, "Unexpected line %zu in %s: %s", number, name, buf_z(&shown));
    }
    if (ini->n >= INI_KEYS_MAX)
        return err_set(e, SIGNET_EUSAGE, "%s has more than %d options", name, INI_KEYS_MAX);
    if (key.n > 2 && str_starts(key, STR("--")))
        key = str_skip(key, 2);
    struct ini_item *item = item_for(ini, key);
    return item && !add_values(item, value) ? 0 : err_nomem(e);
}

int ini_parse(struct ini *ret, signet_str text, const char *name, struct err *e)
{
    struct ini ini = { 0 };
    int rc = 0;
    for (size_t number = 0; text.n && !rc; number++) { /* from 0, as certbot counts */
        signet_str line;
        str_cut(text, '\n', &line, &text);
        rc = parse_line(&ini, line, number, name, e);
    }
    if (rc) {
        ini_done(&ini);
        return rc;
    }
    *ret = ini;
    return 0;
}
