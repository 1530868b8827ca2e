/* Credentials and region as AWS's own tools find them: variables, then a profile in ~/.aws/credentials and
 * ~/.aws/config.
 */
#ifndef CHALLENGE_AWS_PROFILE_H
#define CHALLENGE_AWS_PROFILE_H

#include "base/err.h"
#include "base/record.h"

struct aws {
    char *access, *secret, *session, *region, *endpoint; /* owned; session and endpoint may be NULL */
};

/* The keys of one profile, which replace those that are in `ret`. SIGNET_ENOMEM; SIGNET_EINVAL: a NUL in the file. */
int aws_profile_parse(struct record *ret, signet_str text, const char *profile);

/* AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN) win over files; AWS_REGION, AWS_DEFAULT_REGION,
 * AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL over region and endpoint_url of the profile. The profile is AWS_PROFILE, else
 * AWS_DEFAULT_PROFILE, else "default"; the files are AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE. SIGNET_EINVAL:
 * what is missing, and where it was looked for. */
int aws_find(struct aws *ret, struct err *e);
void aws_done(struct aws *a); /* wipes */

#endif
