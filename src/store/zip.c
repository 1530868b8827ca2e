#include "store/zip.h"
#include <time.h>
#include <zlib.h>

enum { VERSION = 20, UTF8 = 0x800, COMMENT_MAX = 65535 };

static void le16(struct buf *to, uint16_t v)
{
    buf_addc(to, (char)(v & 0xff));
    buf_addc(to, (char)(v >> 8));
}

static void le32(struct buf *to, uint32_t v)
{
    le16(to, (uint16_t)(v & 0xffff));
    le16(to, (uint16_t)(v >> 16));
}

uint32_t zip_crc32(signet_str s)
{
    return (uint32_t)crc32_z(0, (const unsigned char *)s.p, s.n);
}

struct zip zip_begin(struct buf *to, int64_t now)
{
    struct zip z = { .to = to, .day = 0x21 };
    time_t t = (time_t)now;
    struct tm tm;
    if (gmtime_r(&t, &tm) && tm.tm_year >= 80 && tm.tm_year < 208) {
        z.day = (uint16_t)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday);
        z.second = (uint16_t)(tm.tm_hour << 11 | tm.tm_min << 5 | tm.tm_sec / 2);
    }
    return z;
}

/* What the header before the data and the entry at the end have in common. */
static void common(const struct zip *z, const struct zip_entry *e)
{
    le16(z->to, VERSION);
    le16(z->to, UTF8);
    le16(z->to, 0); /* stored */
    le16(z->to, z->second);
    le16(z->to, z->day);
    le32(z->to, e->crc);
    le32(z->to, e->size);
    le32(z->to, e->size);
    le16(z->to, e->name_len);
    le16(z->to, 0); /* no extra field */
}

int zip_add(struct zip *z, signet_str name, signet_str data)
{
    if (z->n == ZIP_FILES_MAX || name.n > sizeof z->v->name || data.n > UINT32_MAX || z->to->n > UINT32_MAX - data.n)
        return SIGNET_ELIMIT;
    struct zip_entry *e = &z->v[z->n++];
    *e = (struct zip_entry){ zip_crc32(data), (uint32_t)data.n, (uint32_t)z->to->n, { 0 }, (uint16_t)name.n };
    memcpy(e->name, name.p, name.n);
    le32(z->to, 0x04034b50);
    common(z, e);
    buf_add(z->to, name);
    buf_add(z->to, data);
    return buf_err(z->to);
}

int zip_end(struct zip *z, signet_str comment)
{
    size_t start = z->to->n;
    if (comment.n > COMMENT_MAX || start > UINT32_MAX)
        return SIGNET_ELIMIT;
    for (size_t i = 0; i < z->n; i++) {
        const struct zip_entry *e = &z->v[i];
        le32(z->to, 0x02014b50);
        le16(z->to, 3 << 8 | VERSION); /* made on Unix, for the mode */
        common(z, e);
        le16(z->to, 0);
        le16(z->to, 0);
        le16(z->to, 0);
        le32(z->to, 0100600u << 16);
        le32(z->to, e->offset);
        buf_add(z->to, (signet_str){ e->name, e->name_len });
    }
    uint32_t size = (uint32_t)(z->to->n - start);
    le32(z->to, 0x06054b50);
    le32(z->to, 0); /* disks */
    le16(z->to, (uint16_t)z->n);
    le16(z->to, (uint16_t)z->n);
    le32(z->to, size);
    le32(z->to, (uint32_t)start);
    le16(z->to, (uint16_t)comment.n);
    buf_add(z->to, comment);
    return buf_err(z->to);
}
