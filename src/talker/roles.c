#include "talker/roles.h"

#include "net/prober.h"
#include "net/responder.h"
#include "net/role.h"
#include "talker/signer.h"

static const struct {
    const char *word;
    int (*main)(void);
} roles[] = {
    { SIGNER_WORD, signer_main },
    { RESPONDER_WORD, responder_main },
    { PROBER_WORD, prober_main },
};

bool roles_run(int argc, char *const argv[], int *ret_status)
{
    for (unsigned i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (!role_asked(argc, argv, roles[i].word))
            continue;
        *ret_status = roles[i].main();
        return true;
    }
    return false;
}
