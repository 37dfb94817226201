/* certificates.h: certificates for the tests, made on the spot. */
#ifndef TEST_CERTIFICATES_H
#define TEST_CERTIFICATES_H

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

static EVP_PKEY *test_key;

/* A self-signed certificate that ends `days` from now. */
static X509 *make_certificate(const char *who, const char *names, int days)
{
    X509 *c = X509_new();
    X509_NAME *subject = X509_get_subject_name(c);
    X509V3_CTX v3;
    X509_EXTENSION *e;

    if (!test_key)
        test_key = EVP_EC_gen("P-256");
    X509_set_version(c, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c), days + 1000);
    X509_gmtime_adj(X509_getm_notBefore(c), -86400L * 3);
    X509_gmtime_adj(X509_getm_notAfter(c), 86400L * days);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)who, -1, -1, 0);
    X509_set_issuer_name(c, subject);
    X509_set_pubkey(c, test_key);
    X509V3_set_ctx_nodb(&v3);
    X509V3_set_ctx(&v3, c, c, NULL, NULL, 0);
    e = X509V3_EXT_conf_nid(NULL, &v3, NID_subject_alt_name, names);
    X509_add_ext(c, e, -1);
    X509_EXTENSION_free(e);
    X509_sign(c, test_key, EVP_sha256());
    return c;
}

static void append_pem(const char *path, X509 *c)
{
    FILE *f = fopen(path, "a");

    PEM_write_X509(f, c);
    fclose(f);
}

#endif
