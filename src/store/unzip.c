#include "store/unzip.h"

#include "store/inflate.h"
#include "store/zip.h"

enum {
    END_BYTES = 22,     /* end of the central directory, without its comment */
    ENTRY_BYTES = 46,   /* an entry of it, without name, extra field and comment */
    HEADER_BYTES = 30,  /* what lies before a file's data */
    ENCRYPTED = 1 << 0, /* flag */
};

static uint32_t le16(signet_str s, size_t at)
{
    const unsigned char *p = (const unsigned char *)s.p + at;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t le32(signet_str s, size_t at)
{
    return le16(s, at) | le16(s, at + 2) << 16;
}

static int broken(struct err *e, const char *why)
{
    return err_set(e, SIGNET_EFORMAT, "this is no .zip archive that can be read: %s", why);
}

/* The end is the last place that looks like one and whose comment reaches to the last byte. */
static bool find_end(signet_str s, size_t *ret)
{
    for (size_t at = s.n >= END_BYTES ? s.n - END_BYTES + 1 : 0; at--;) {
        if (s.n - at - END_BYTES > UINT16_MAX)
            return false;
        if (le32(s, at) == 0x06054b50 && le16(s, at + 20) == s.n - at - END_BYTES) {
            *ret = at;
            return true;
        }
    }
    return false;
}

/* The data of a file: behind a header whose name is the same. */
static int find_data(struct unzip_file *f, signet_str all, uint32_t offset, uint32_t packed, struct err *e)
{
    if (offset > all.n || all.n - offset < HEADER_BYTES || le32(all, offset) != 0x04034b50)
        return broken(e, "the place of a file is wrong");
    uint32_t name = le16(all, offset + 26), extra = le16(all, offset + 28);
    signet_str rest = str_skip(all, (size_t)offset + HEADER_BYTES);
    if (rest.n < name || !str_eq((signet_str){ rest.p, name }, f->name))
        return broken(e, "a file has two names");
    rest = str_skip(rest, name);
    if (rest.n < extra || rest.n - extra < packed)
        return broken(e, "its end is missing");
    f->packed = (signet_str){ rest.p + extra, packed };
    return 0;
}

/* One entry of the directory; *dir goes on to the next. */
static int take_entry(struct unzip_file *f, signet_str all, signet_str *dir, struct err *e)
{
    if (dir->n < ENTRY_BYTES || le32(*dir, 0) != 0x02014b50)
        return broken(e, "its directory is damaged");
    uint32_t flags = le16(*dir, 8), method = le16(*dir, 10), packed = le32(*dir, 20);
    size_t name = le16(*dir, 28), extra = le16(*dir, 30), comment = le16(*dir, 32);
    uint32_t offset = le32(*dir, 42);
    *f = (struct unzip_file){ .crc = le32(*dir, 16), .size = le32(*dir, 24), .deflated = method == 8 };
    if (dir->n - ENTRY_BYTES < name + extra + comment || !name || name > UNZIP_NAME_MAX)
        return broken(e, "the name of a file is damaged");
    if (flags & ENCRYPTED || (method != 0 && method != 8))
        return broken(e, "it is encrypted, or compressed in a way that is not known here");
    f->name = (signet_str){ dir->p + ENTRY_BYTES, name };
    *dir = str_skip(*dir, ENTRY_BYTES + name + extra + comment);
    return find_data(f, all, offset, packed, e);
}

int unzip_open(struct unzip *ret, signet_str bytes, struct err *e)
{
    size_t end = 0;
    ret->n = 0;
    if (!find_end(bytes, &end))
        return broken(e, "its end is missing");
    size_t n = le16(bytes, end + 10), size = le32(bytes, end + 12), start = le32(bytes, end + 16);
    if (le16(bytes, end + 4) || le16(bytes, end + 8) != n || start > end || size > end - start)
        return broken(e, "its directory is damaged");
    if (n > UNZIP_FILES_MAX)
        return err_set(e, SIGNET_ELIMIT, "there are more than %u files in the archive", UNZIP_FILES_MAX);
    signet_str dir = { bytes.p + start, size };
    int rc = 0;
    for (size_t i = 0; !rc && i < n; i++)
        rc = take_entry(&ret->v[i], bytes, &dir, e);
    if (rc)
        return rc;
    ret->bytes = bytes;
    ret->comment = str_skip(bytes, end + END_BYTES);
    ret->n = n;
    return 0;
}

int unzip_read(const struct unzip_file *f, struct buf *ret, struct err *e)
{
    buf_clear(ret);
    if (f->deflated) {
        int rc = inflate_raw(ret, f->packed);
        if (rc == SIGNET_EFORMAT)
            return broken(e, "the data of a file is damaged");
        if (rc)
            return rc == SIGNET_ENOMEM ? err_nomem(e) : err_set(e, rc, "a file in the archive is too large");
    } else {
        buf_add(ret, f->packed);
        if (buf_err(ret))
            return err_set(e, buf_err(ret), "a file in the archive is too large");
    }
    return ret->n == f->size && zip_crc32(buf_str(ret)) == f->crc ? 0 : broken(e, "the checksum of a file is wrong");
}
