/* Every number that bounds what a CA may make us do. What arrives is a stranger's; nothing here is negotiable by it. */
#ifndef ACME_LIMITS_H
#define ACME_LIMITS_H

#define LIM_BODY        (64u * 1024u)  /* directory, authorization, account, problem */
#define LIM_ORDER_BODY  (256u * 1024u) /* an order lists up to LIM_IDENTS names and URLs */
#define LIM_CHAIN_BODY  (256u * 1024u)
#define LIM_URL         2048u
#define LIM_TOKEN       256u
#define LIM_NONCE       256u
#define LIM_TEXT        2048u /* kept of any one text of a problem document */
#define LIM_JSON_DEPTH  16u
#define LIM_JSON_NODES  10000u
#define LIM_IDENTS      100u
#define LIM_CHALLENGES  16u /* in one authorization */
#define LIM_ISSUERS     10u /* issuer-domain-names of dns-persist-01 that are looked at */
#define LIM_ALTERNATES  8u
#define LIM_REDIRECTS   3u
#define LIM_SUBPROBLEMS 100u
#define LIM_CONTACTS    32u
#define LIM_META        64u /* CAA identities, profiles */
#define LIM_CSR         (64u * 1024u)
#define LIM_REQUEST     (512u * 1024u) /* a JWS that we build */
#define LIM_SAVED       (128u * 1024u)

#define LIM_NONCES 32u /* the most that max_nonces may ask for */
/* badNonce answers in a row, in a session. Not a number per request: a CA that refuses half of all good nonces (pebble
 * can) must not end one run in four, while one that refuses all must not get more than 20 requests. */
#define LIM_BADNONCE 17u
#define LIM_FINALIZE 5u /* finalize requests for one order, always with the same CSR */

#define LIM_RETRY_AFTER_S     60       /* longest pause that a CA can impose within a run */
#define LIM_RETRY_AFTER_MAX_S 31536000 /* beyond it a Retry-After is only reported, cut to a year */
#define LIM_ARI_MIN_S         60       /* RFC 9773 section 4.3 */
#define LIM_ARI_MAX_S         86400
#define LIM_ARI_DEFAULT_S     21600
#define LIM_DIRECTORY_AGE_S   86400
#define LIM_CLOCK_STEP_MS     120000 /* more than this between two calls is a jump of the clock, not time that passed */
#define LIM_CLOCK_LEAP_MS     5000   /* … and counts so much: it ends no order, and lets none go on for ever */
#define LIM_HEARTBEAT_MS      60000  /* so that a well-behaved caller never comes near the step above */
#define LIM_PRESENT_MS        (7200 * 1000) /* for challenges to be set up: records in the DNS may need an hour */
#define LIM_WIND_DOWN_MS      30000         /* for cleaning up after a failure */
#define LIM_CANCEL_MS         4000          /* the same when the user wants to be gone */

#define BACKOFF_FIRST_MS 250
#define BACKOFF_MAX_MS   15000

#endif
