#include "cli/gen.h"

static const struct {
    const char *what, *form;
    void (*print)(struct buf *to, const char *prog);
} generators[] = {
    { "man", "", gen_man },
    { "completion", "bash", gen_bash },
    { "completion", "zsh", gen_zsh },
    { "completion", "fish", gen_fish },
};

int gen_print(struct buf *to, const char *prog, const struct strlist *what, struct err *e)
{
    signet_str name = what->n > 0 ? str_of(what->v[0]) : STR(""), form = what->n > 1 ? str_of(what->v[1]) : STR("");
    for (size_t i = 0; i < sizeof(generators) / sizeof(generators[0]) && what->n <= 2; i++)
        if (str_eq(name, str_of(generators[i].what)) && str_eq(form, str_of(generators[i].form))) {
            generators[i].print(to, prog);
            return buf_err(to) ? err_nomem(e) : 0;
        }
    return err_set(e, SIGNET_EUSAGE,
                   "dev makes: man, completion bash, completion zsh, completion fish, nginx-print FILE");
}
