/* Every size that a description, a credential or a provider's answer chooses has its cap here. */
#ifndef PROVIDER_LIMITS_H
#define PROVIDER_LIMITS_H

/* descriptions */
#define LIM_LIKE  4u  /* descriptions that build on each other */
#define LIM_NAMES 12u /* names of one variable */
#define LIM_SETS  12u /* alternative sets of credentials */

/* templates */
#define LIM_EXPAND_DEPTH 40u        /* names that stand for templates with names in them … */
#define LIM_EXPAND_STEPS 200000u    /* expressions evaluated while one request is built */
#define LIM_TEXT         (4u << 20) /* a value while it is made */
#define LIM_PATTERN      1024u      /* a regular expression */

/* credentials */
#define LIM_CRED (64u << 10) /* a value, or the file that a variable names */

/* requests and answers */
#define LIM_URL            8192u
#define LIM_BODY           (4u << 20)  /* sent */
#define LIM_ANSWER         (8u << 20)  /* received, one page */
#define LIM_HEADERS        48u         /* sent */
#define LIM_HEADER         (16u << 10) /* one of them, sent or kept of an answer */
#define LIM_ANSWER_HEADERS 100u
#define LIM_COOKIES        32u
#define LIM_JSON_DEPTH     64u
#define LIM_JSON_NODES     400000u
#define LIM_XML_DEPTH      64u

/* jobs */
#define LIM_JOBS          4096u
#define LIM_ACTIVE        16u                /* jobs with something under way at the provider */
#define LIM_REQUESTS      1000u              /* one job sends at most so many */
#define LIM_PAGES         200u               /* of one list */
#define LIM_ELEMENTS      20000u             /* of one list */
#define LIM_EACH          200u               /* `do` is run for so many elements */
#define LIM_DEEP          5u                 /* steps inside steps */
#define LIM_FRAMES        (2 * LIM_DEEP + 2) /* a list and a step for each, and the job's own */
#define LIM_RETRIES       5u
#define LIM_RETRY_AFTER_S 300   /* what a provider asks to wait is cut to this */
#define LIM_MERGE_AGAIN   5u    /* a write refused because somebody else wrote */
#define LIM_SAVED         4096u /* one value kept for the cleanup */
#define LIM_MESSAGE       400u  /* of the provider's words */

#endif
