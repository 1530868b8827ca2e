/* Completions for shells. */
#include "cli/gen.h"
#include "cli/help.h"

/* Single quotes for sh, zsh and fish alike: a quote inside is left out. */
static void add_quoted(struct buf *to, const char *z)
{
    buf_addc(to, '\'');
    for (; *z; z++)
        if (*z != '\'' && *z != '\\')
            buf_addc(to, *z);
    buf_addc(to, '\'');
}

static bool is_file(const struct opt *o)
{
    return o->type == OPT_PATH || o->id == OPT_ID_CONFIG || o->id == OPT_ID_WEBROOT_PATH;
}

static void add_commands(struct buf *to, const char *between)
{
    const struct help_topic *t;
    bool first = true;
    for (size_t i = 0; (t = help_topic_at(i)); i++) {
        if (!t->brief || t->hidden)
            continue;
        buf_addf(to, "%s%s", first ? "" : between, t->name);
        first = false;
    }
}

static void add_names(struct buf *to, const struct opt *o, const char *between)
{
    const char *at = o->names;
    while (*at) {
        if (at != o->names)
            buf_addz(to, between);
        buf_add(to, opt_next_name(&at));
    }
}

void gen_bash(struct buf *to, const char *prog)
{
    const struct opt *o;
    buf_addf(to, "# bash completion for %s; generated\n_%s()\n{\n    local cur=$2 prev=$3\n    case $prev in\n", prog,
             prog);
    for (size_t i = 0; (o = opt_at(i)); i++) {
        if (o->hidden || !opt_takes_value(o))
            continue;
        buf_addz(to, "    ");
        add_names(to, o, "|");
        if (o->choices)
            buf_addf(to, ") COMPREPLY=($(compgen -W \"%s\" -- \"$cur\")) ;;\n", o->choices);
        else
            buf_addf(to, ") %s ;;\n", is_file(o) ? "COMPREPLY=($(compgen -f -- \"$cur\"))" : ":");
    }
    buf_addz(to, "    *)\n        case $cur in\n        -*) COMPREPLY=($(compgen -W \"");
    for (size_t i = 0; (o = opt_at(i)); i++) {
        if (o->hidden)
            continue;
        add_names(to, o, " ");
        buf_addc(to, ' ');
    }
    buf_addz(to, "\" -- \"$cur\")) ;;\n        *) COMPREPLY=($(compgen -W \"");
    add_commands(to, " ");
    buf_addf(to, " help\" -- \"$cur\")) ;;\n        esac ;;\n    esac\n}\ncomplete -o filenames -F _%s %s\n", prog,
             prog);
}

void gen_zsh(struct buf *to, const char *prog)
{
    const struct opt *o;
    buf_addf(to, "#compdef %s\n# generated\n_arguments -s \\\n", prog);
    for (size_t i = 0; (o = opt_at(i)); i++) {
        const char *at = o->names;
        while (!o->hidden && *at) {
            signet_str name = opt_next_name(&at);
            buf_addz(to, "    '*'");
            buf_add(to, name);
            if (opt_takes_value(o))
                buf_addz(to, str_starts(name, STR("--")) ? "=" : "+");
            if (opt_takes_value(o) && o->choices)
                buf_addf(to, "':value:(%s)'", o->choices);
            else if (opt_takes_value(o))
                buf_addz(to, is_file(o) ? "':file:_files'" : "':value: '");
            buf_addz(to, " \\\n");
        }
    }
    buf_addz(to, "    '*:command:(");
    add_commands(to, " ");
    buf_addz(to, " help)'\n");
}

void gen_fish(struct buf *to, const char *prog)
{
    const struct opt *o;
    const struct help_topic *t;
    buf_addf(to, "# fish completion for %s; generated\ncomplete -c %s -f\n", prog, prog);
    for (size_t i = 0; (t = help_topic_at(i)); i++) {
        if (!t->brief || t->hidden)
            continue;
        buf_addf(to, "complete -c %s -n __fish_use_subcommand -a %s -d ", prog, t->name);
        add_quoted(to, t->brief);
        buf_addc(to, '\n');
    }
    for (size_t i = 0; (o = opt_at(i)); i++) {
        if (o->hidden)
            continue;
        buf_addf(to, "complete -c %s", prog);
        const char *at = o->names;
        while (*at) {
            signet_str name = opt_next_name(&at);
            bool is_long = str_starts(name, STR("--"));
            buf_addz(to, is_long ? " -l " : " -s ");
            buf_add(to, str_skip(name, is_long ? 2 : 1));
        }
        if (opt_takes_value(o))
            buf_addz(to, is_file(o) ? " -r -F" : " -x");
        if (o->choices)
            buf_addf(to, " -a '%s'", o->choices);
        buf_addz(to, " -d ");
        add_quoted(to, o->help);
        buf_addc(to, '\n');
    }
}
