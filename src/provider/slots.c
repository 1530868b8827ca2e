#include "provider/engine.h"

#include <stdlib.h>

/* Providers that hold one value per zone: a present takes the zone's slot, the cleanup of the same value gives it back.
 */

static struct slot *slot_for(struct provider_session *s, const char *zone)
{
    for (struct slot *l = s->slots; l; l = l->next)
        if (strcmp(l->zone, zone) == 0)
            return l;
    struct slot *l = calloc(1, sizeof *l);
    if (!l || !(l->zone = strdup(zone))) {
        free(l);
        return NULL;
    }
    l->next = s->slots;
    s->slots = l;
    return l;
}

bool slot_take(struct job *j, int64_t *ret_wait_ms)
{
    struct provider_session *s = j->s;
    struct slot *l = slot_for(s, j->zone ? j->zone : "");
    *ret_wait_ms = -1;
    if (!l || l->value)
        return false;
    if (l->free_ms > s->now.mono_ms) {
        *ret_wait_ms = l->free_ms;
        return false;
    }
    l->value = strdup(j->value);
    l->fqdn = strdup(j->fqdn);
    if (!l->value || !l->fqdn) {
        free(l->value);
        free(l->fqdn);
        l->value = l->fqdn = NULL;
        s->no_memory = true;
        return false;
    }
    j->in_slot = true;
    return true;
}

void slot_leave(struct job *j)
{
    for (struct slot *l = j->s->slots; l; l = l->next) {
        if (!l->value || strcmp(l->value, j->value) != 0 || strcmp(l->fqdn, j->fqdn) != 0)
            continue;
        free(l->value);
        free(l->fqdn);
        l->value = l->fqdn = NULL;
        l->free_ms = j->s->now.mono_ms + (int64_t)j->s->times.serial * 1000;
        wake_blocked(j->s);
    }
}
