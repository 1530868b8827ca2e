/* The recipes in providers/sign against the examples that their inventors publish. */
#include "provider/desc.h"
#include "provider/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct example {
    const char *recipe, *vars; /* inputs and request, as JSON */
    const char *header, *want;
};

static const struct example examples[] = {
    /* aws-sig-v4-test-suite: get-vanilla */
    { "sigv4",
      "{\"now\": 1440938160, \"key\": \"AKIDEXAMPLE\", \"secret\": \"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\", "
      "\"session\": \"\","
      "\"region\": \"us-east-1\", \"service\": \"service\", \"req\": {\"method\": \"GET\", \"path\": \"/\", \"query\": "
      "\"\","
      "\"host\": \"example.amazonaws.com\", \"body\": \"\"}}",
      "Authorization",
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, "
      "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
    /* aws-sig-v4-test-suite: get-vanilla-query-order-key-case */
    { "sigv4",
      "{\"now\": 1440938160, \"key\": \"AKIDEXAMPLE\", \"secret\": \"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\", "
      "\"session\": \"\","
      "\"region\": \"us-east-1\", \"service\": \"service\", \"req\": {\"method\": \"GET\", \"path\": \"/\","
      "\"query\": \"Param1=value1&Param2=value2\", \"host\": \"example.amazonaws.com\", \"body\": \"\"}}",
      "Authorization",
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, "
      "Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500" },
    /* Alibaba Cloud, "V3 request body and signature": the fixed example */
    { "acs3",
      "{\"now\": 1698315752, \"key\": \"YourAccessKeyId\", \"secret\": \"YourAccessKeySecret\", \"session\": \"\", "
      "\"action\": \"RunInstances\","
      "\"version\": \"2014-05-26\", \"nonce\": \"3156853299f313e23d1673dc12e1703d\", \"req\": {\"method\": \"POST\", "
      "\"path\": \"/\","
      "\"query\": \"ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai\","
      "\"host\": \"ecs.cn-shanghai.aliyuncs.com\", \"body\": \"\"}}",
      "Authorization",
      "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
      "x-acs-signature-nonce;x-acs-version,Signature="
      "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0" },
    /* Tencent Cloud, "Signature v3": the worked example of DescribeInstances */
    { "tc3",
      "{\"now\": 1551113065, \"key\": \"AKID********************************\", \"secret\": "
      "\"********************************\","
      "\"session\": \"\", \"action\": \"DescribeInstances\", \"version\": \"2017-03-12\", \"service\": \"cvm\", "
      "\"region\": \"ap-guangzhou\","
      "\"req\": {\"method\": \"POST\", \"path\": \"/\", \"query\": \"\", \"host\": \"cvm.tencentcloudapi.com\", "
      "\"body\":"
      "\"{\\\"Limit\\\": 1, \\\"Filters\\\": [{\\\"Values\\\": [\\\"\\\\u672a\\\\u547d\\\\u540d\\\"], \\\"Name\\\": "
      "\\\"instance-name\\\"}]}\"}}",
      "Authorization",
      "TC3-HMAC-SHA256 Credential=AKID********************************/2019-02-25/cvm/tc3_request, "
      "SignedHeaders=content-type;host;x-tc-action, "
      "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f" },
    /* AkamaiOPEN-edgegrid, test data: "simple GET" */
    { "edgegrid",
      "{\"now\": 1395430461, \"client\": \"akab-client-token-xxx-xxxxxxxxxxxxxxxx\", \"access\": "
      "\"akab-access-token-xxx-xxxxxxxxxxxxxxxx\","
      "\"secret\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx=\", \"uuid\": "
      "\"nonce-xx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\", \"req\": {\"method\": \"GET\", "
      "\"target\": \"/\","
      "\"host\": \"akaa-baseurl-xxxxxxxxxxx-xxxxxxxxxxxxx.luna.akamaiapis.net\", \"body\": \"\"}}",
      "Authorization",
      "EG1-HMAC-SHA256 "
      "client_token=akab-client-token-xxx-xxxxxxxxxxxxxxxx;access_token=akab-access-token-xxx-xxxxxxxxxxxxxxxx;"
      "timestamp=20140321T19:34:21+0000;nonce=nonce-xx-xxxx-xxxx-xxxx-xxxxxxxxxxxx;signature=tL+"
      "y4hxyHxgWVD30X3pWnGKHcPzmrIF+LThiAOhMxYU=" },
    /* AkamaiOPEN-edgegrid, test data: "POST inside limit" */
    { "edgegrid",
      "{\"now\": 1395430461, \"client\": \"akab-client-token-xxx-xxxxxxxxxxxxxxxx\", \"access\": "
      "\"akab-access-token-xxx-xxxxxxxxxxxxxxxx\","
      "\"secret\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx=\", \"uuid\": "
      "\"nonce-xx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\", \"req\": {\"method\": \"POST\", "
      "\"target\": \"/testapi/v1/t3\","
      "\"host\": \"akaa-baseurl-xxxxxxxxxxx-xxxxxxxxxxxxx.luna.akamaiapis.net\", \"body\": "
      "\"datadatadatadatadatadatadatadata\"}}",
      "Authorization",
      "EG1-HMAC-SHA256 "
      "client_token=akab-client-token-xxx-xxxxxxxxxxxxxxxx;access_token=akab-access-token-xxx-xxxxxxxxxxxxxxxx;"
      "timestamp=20140321T19:34:21+0000;nonce=nonce-xx-xxxx-xxxx-xxxx-xxxxxxxxxxxx;signature=hXm"
      "4iCxtpN22m4cbZb4lVLW5rhX8Ca82vCFqXzSTPe4=" },
};

static void as_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *x = &examples[i];
        const struct catalog_entry *c = catalog_find_sign(str_of(x->recipe));
        struct pool pool = { 0 };
        const struct node *recipe = NULL;
        struct err e = { 0 };
        VALUE_AUTO json_t *vars = NULL;
        VALUE_AUTO json_t *headers = NULL;
        assert_non_null(c);
        assert_int_equal(node_parse(&pool, (signet_str){ c->text, c->n }, c->code, &recipe, &e), 0);
        vars = json_loads(x->vars, 0, NULL);
        assert_non_null(vars);
        struct scope sc = { .let = { node_get(recipe, "let") }, .n_let = 1, .vars = { vars }, .n_vars = 1, .e = &e };
        if (expand_node(&sc, node_get(recipe, "header"), &headers))
            fail_msg("%s: %s", x->recipe, e.text);
        assert_string_equal(json_string_value(json_object_get(headers, x->header)), x->want);
        pool_done(&pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(as_published) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
