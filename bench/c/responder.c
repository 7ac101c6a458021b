/* An SNMP v2c agent on every address of 127/8 at once, faster than any poller.

   responder PORT TABLE [KIND=PERCENT ...]

   TABLE holds lines "OID TAG HEX SPAN": dotted OID, BER tag, content octets in hexadecimal, and how
   many values the last of them takes from there on, sorted as the MIB is. GET, GETNEXT and GETBULK are answered from it. A request that differs from an earlier
   one in nothing but its request-id gets the earlier answer with the id patched, and the agent's
   uptime patched where it is asked, and what varies from device to device and from second to second:
   one comparison and one copy.

   KIND=PERCENT makes devices misbehave, by the last three octets of their address modulo 100, the
   kinds laid side by side in the order given:
     silent     no answer
     late       the answer 700 ms late
     garbled    an answer whose lengths lie
     truncated  half an answer
     oversized  60,000 octets of nothing, and no answer
     wrongid    an answer to another request, and no right one
     elsewhere  the answer, but from 127.255.255.254
     flood      the answer, and 50 more packets
     storm      the answer; and the device asked last sends 20,000 packets a second that nobody asked for
*/
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { VARYING = 16, BATCH = 256, PACKET = 2048, CACHE = 4096, ROWS = 8192, LATE = 65536, LATE_MS = 700, FLOOD = 50 };
enum { STORM_MS = 5, STORM = 100 }; /* packets in every so many milliseconds */
enum { GOOD, SILENT, LATER, GARBLED, TRUNCATED, OVERSIZED, WRONG_ID, ELSEWHERE, FLOODS, STORMS };
static const char *const names[] = {"good",      "silent",  "late",      "garbled", "truncated",
                                    "oversized", "wrongid", "elsewhere", "flood",   "storm"};

struct row { uint8_t oid[64]; int oid_size; uint8_t tag; uint8_t value[256]; int size; unsigned span; };
static struct row rows[ROWS];
static int row_count;
static uint8_t kind_of[100];

struct answer {
    uint8_t *request, *response;
    int request_size, id_at, id_size, response_size, response_id_at, ticks_at, varying;
    struct { int at; unsigned span; } vary[VARYING];
};
static struct answer cache[CACHE];

struct late { int64_t due; uint8_t packet[PACKET]; int size; struct sockaddr_in to; struct in_addr from; };
static struct late *late_ring;
static unsigned late_head, late_tail;

static struct { int64_t due; struct sockaddr_in to; struct in_addr from; } storm;

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* -- the table */

static int encode_oid(const char *text, uint8_t *out) {
    unsigned long part[128];
    int count = 0, size = 0;
    while (*text && count < 128) {
        char *end;
        part[count++] = strtoul(text, &end, 10);
        text = *end == '.' ? end + 1 : end;
    }
    part[1] += part[0] * 40;
    for (int i = 1; i < count; i++) {
        int shift = 28;
        while (shift && !(part[i] >> shift)) shift -= 7;
        for (; shift >= 0; shift -= 7) out[size++] = ((part[i] >> shift) & 0x7f) | (shift ? 0x80 : 0);
    }
    return size;
}

static int hex(char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; }

static void load(const char *path) {
    char oid[256], value[1024];
    unsigned tag, span;
    FILE *file = fopen(path, "r");
    if (!file) { perror(path); exit(1); }
    while (row_count < ROWS && fscanf(file, "%255s %x %1023s %u", oid, &tag, value, &span) == 4) {
        struct row *row = &rows[row_count++];
        row->oid_size = encode_oid(oid, row->oid);
        row->tag = tag;
        row->span = span;
        for (const char *at = value; *at != '-' && at[0] && at[1]; at += 2)
            row->value[row->size++] = hex(at[0]) << 4 | hex(at[1]);
    }
    fclose(file);
}

/* Octets of sub-identifiers sort as the numbers do where no length differs; lengths are made to
   count by comparing number by number. */
static int compare(const uint8_t *a, int a_size, const uint8_t *b, int b_size) {
    int i = 0, j = 0;
    while (i < a_size && j < b_size) {
        uint32_t x = 0, y = 0;
        do x = x << 7 | (a[i] & 0x7f); while (a[i++] & 0x80 && i < a_size);
        do y = y << 7 | (b[j] & 0x7f); while (b[j++] & 0x80 && j < b_size);
        if (x != y) return x < y ? -1 : 1;
    }
    return (i < a_size) - (j < b_size);
}

static const struct row *exactly(const uint8_t *oid, int size) {
    for (int i = 0; i < row_count; i++)
        if (rows[i].oid_size == size && !memcmp(rows[i].oid, oid, size)) return &rows[i];
    return NULL;
}

static const struct row *after(const uint8_t *oid, int size) {
    for (int i = 0; i < row_count; i++)
        if (compare(rows[i].oid, rows[i].oid_size, oid, size) > 0) return &rows[i];
    return NULL;
}

/* -- BER; an element's contents from `*at` on, -1 where it does not fit */

static int open_element(const uint8_t *p, int *at, int limit, int tag) {
    if (*at + 2 > limit || (tag >= 0 && p[*at] != tag)) return -1;
    int length = p[*at + 1];
    *at += 2;
    if (length & 0x80) {
        int octets = length & 0x7f;
        if (octets > 2 || *at + octets > limit) return -1;
        length = 0;
        while (octets--) length = length << 8 | p[(*at)++];
    }
    return *at + length > limit ? -1 : length;
}

static int small(const uint8_t *p, int *at, int limit, int *value) {
    int length = open_element(p, at, limit, 2);
    if (length < 1 || length > 4) return -1;
    *value = 0;
    for (int i = 0; i < length; i++) *value = *value << 8 | p[*at + i];
    *at += length;
    return length;
}

static int wrap(uint8_t *out, int tag, int size) { /* always the three-octet form: it is legal BER */
    out[0] = tag; out[1] = 0x82; out[2] = size >> 8; out[3] = size;
    return 4;
}

static int put_row(uint8_t *out, const uint8_t *oid, int oid_size, int tag, const uint8_t *value, int size) {
    int body = 2 + oid_size + (size > 127 ? 3 : 2) + size, at = 0;
    out[at++] = 0x30;
    if (body > 127) out[at++] = 0x81;
    out[at++] = body;
    out[at++] = 6; out[at++] = oid_size;
    memcpy(out + at, oid, oid_size); at += oid_size;
    out[at++] = tag;
    if (size > 127) out[at++] = 0x81;
    out[at++] = size;
    memcpy(out + at, value, size);
    return at + size;
}

/* Builds the answer to a request not seen before. 0: it is no request for us. */
static int build(const uint8_t *p, int size, struct answer *made) {
    static uint8_t binds[PACKET], out[PACKET];
    int at = 0, version, first, second, bind_size = 0, ticks = -1, unused;
    if (open_element(p, &at, size, 0x30) < 0 || small(p, &at, size, &version) < 0) return 0;
    int community_at = at, community = open_element(p, &at, size, 4);
    if (community < 0) return 0;
    at += community;
    int head_size = at - community_at, pdu = p[at];
    if (pdu != 0xa0 && pdu != 0xa1 && pdu != 0xa5) return 0;
    if (open_element(p, &at, size, pdu) < 0) return 0;
    made->varying = 0;
    int id_at = at + 2, id_size = small(p, &at, size, &unused);
    if (id_size < 0 || small(p, &at, size, &first) < 0 || small(p, &at, size, &second) < 0) return 0;
    int length = open_element(p, &at, size, 0x30);
    if (length < 0) return 0;
    int stop = at + length, repeats = pdu == 0xa5 ? second : 1;
    while (at < stop) {
        if (open_element(p, &at, stop, 0x30) < 0) return 0;
        int oid_size = open_element(p, &at, stop, 6);
        if (oid_size < 0) return 0;
        const uint8_t *oid = p + at;
        at += oid_size;
        int value = open_element(p, &at, stop, -1);
        if (value < 0) return 0;
        at += value;
        for (int i = 0; i < repeats && bind_size < 1200; i++) {
            const struct row *row = pdu == 0xa0 ? exactly(oid, oid_size) : after(oid, oid_size);
            if (!row) {
                bind_size += put_row(binds + bind_size, oid, oid_size, pdu == 0xa0 ? 0x80 : 0x82, oid, 0);
                break;
            }
            if (row->tag == 0x43) ticks = bind_size + 2 + 2 + row->oid_size + 2;
            bind_size += put_row(binds + bind_size, row->oid, row->oid_size, row->tag, row->value, row->size);
            if (row->span > 1 && made->varying < VARYING) {
                made->vary[made->varying].at = bind_size - 1;
                made->vary[made->varying++].span = row->span;
            }
            oid = row->oid; oid_size = row->oid_size;
        }
    }
    int pdu_size = 2 + id_size + 6 + 4 + bind_size;
    int o = wrap(out, 0x30, 3 + head_size + 4 + pdu_size);
    out[o++] = 2; out[o++] = 1; out[o++] = version;
    memcpy(out + o, p + community_at, head_size); o += head_size;
    o += wrap(out + o, 0xa2, pdu_size);
    out[o++] = 2; out[o++] = id_size;
    made->response_id_at = o;
    o += id_size;
    memcpy(out + o, "\2\1\0\2\1\0", 6); o += 6;
    o += wrap(out + o, 0x30, bind_size);
    made->ticks_at = ticks < 0 ? -1 : o + ticks;
    for (int i = 0; i < made->varying; i++) made->vary[i].at += o;
    memcpy(out + o, binds, bind_size); o += bind_size;
    free(made->request); free(made->response);
    made->request = memcpy(malloc(size), p, size);
    made->response = memcpy(malloc(o), out, o);
    made->request_size = size; made->id_at = id_at; made->id_size = id_size; made->response_size = o;
    return 1;
}

/* Where the request-id begins, without reading the rest: short headers only, as all pollers send. */
static int id_place(const uint8_t *p, int size, int *id_size) {
    int at = 0, version, ignored;
    if (open_element(p, &at, size, 0x30) < 0 || small(p, &at, size, &version) < 0) return -1;
    int community = open_element(p, &at, size, 4);
    if (community < 0) return -1;
    at += community;
    if (open_element(p, &at, size, -1) < 0) return -1;
    int place = at + 2;
    *id_size = small(p, &at, size, &ignored);
    return *id_size < 0 ? -1 : place;
}

static struct answer *answer_to(const uint8_t *p, int size) {
    int id_size, id_at = id_place(p, size, &id_size);
    if (id_at < 0) return NULL;
    uint32_t hash = 2166136261u ^ size ^ id_size << 16;
    for (int i = id_at + id_size; i + 4 <= size; i += 4) {
        uint32_t word;
        memcpy(&word, p + i, 4);
        hash = (hash ^ word) * 16777619u;
    }
    struct answer *known = &cache[(hash ^ hash >> 15) % CACHE];
    int rest = id_at + id_size;
    if (known->request_size == size && known->id_at == id_at && known->id_size == id_size &&
        !memcmp(known->request, p, id_at) && !memcmp(known->request + rest, p + rest, size - rest))
        return known;
    known->request_size = 0;
    return build(p, size, known) ? known : NULL;
}

/* -- the wire */

static uint8_t in[BATCH][PACKET], out[BATCH][PACKET], control[BATCH][64];
static struct sockaddr_in peers[BATCH];
static struct iovec in_vectors[BATCH], out_vectors[BATCH];
static struct mmsghdr in_messages[BATCH], out_messages[BATCH];

static void send_one(int sock, const void *packet, int size, struct sockaddr_in *to, struct in_addr from) {
    uint8_t space[64] = {0};
    struct iovec vector = {(void *)packet, size};
    struct msghdr message = {to, sizeof *to, &vector, 1, space, CMSG_SPACE(sizeof(struct in_pktinfo)), 0};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    struct in_pktinfo info = {.ipi_spec_dst = from};
    header->cmsg_level = IPPROTO_IP; header->cmsg_type = IP_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(header), &info, sizeof info);
    sendmsg(sock, &message, 0);
}

static void be_late(int sock) {
    int64_t now = now_ms();
    while (late_head != late_tail && late_ring[late_head % LATE].due <= now) {
        struct late *one = &late_ring[late_head++ % LATE];
        send_one(sock, one->packet, one->size, &one->to, one->from);
    }
}

static void be_stormy(int sock) {
    static const uint8_t answer[100] = {0x30, 98, 2, 1, 1};
    if (!storm.due || storm.due > now_ms()) return;
    storm.due = now_ms() + STORM_MS;
    for (int i = 0; i < STORM; i++) send_one(sock, answer, sizeof answer, &storm.to, storm.from);
}

/* What a misbehaving device does with its answer; the size of what is still to be sent, 0: nothing. */
static int misbehave(int sock, int kind, uint8_t *p, int size, int id_at, struct sockaddr_in *to,
                     struct in_addr from) {
    static uint8_t nothing[60000];
    switch (kind) {
    case LATER: {
        if (late_tail - late_head < LATE) {
            struct late *one = &late_ring[late_tail++ % LATE];
            one->due = now_ms() + LATE_MS; one->size = size; one->to = *to; one->from = from;
            memcpy(one->packet, p, size);
        }
        return 0;
    }
    case GARBLED: p[3] ^= 0x15; p[size / 2] ^= 0xff; return size;
    case TRUNCATED: return size / 2;
    case OVERSIZED: send_one(sock, nothing, sizeof nothing, to, from); return 0;
    case WRONG_ID: p[id_at + 1] ^= 0xff; return size;
    case ELSEWHERE: send_one(sock, p, size, to, (struct in_addr){htonl(0x7ffffffe)}); return 0;
    case FLOODS:
        for (int i = 0; i < FLOOD; i++) {
            p[id_at] ^= 0x2a; p[id_at + 1] ^= i + 1;
            send_one(sock, p, size, to, from);
            p[id_at + 1] ^= i + 1; p[id_at] ^= 0x2a;
        }
        return size;
    case STORMS:
        if (!storm.due) storm.due = now_ms();
        storm.to = *to;
        storm.from = from;
        return size;
    default: return 0;
    }
}

int main(int argc, char **argv) {
    if (argc < 3) { fprintf(stderr, "responder PORT TABLE [KIND=PERCENT ...]\n"); return 2; }
    load(argv[2]);
    int slot = 0;
    for (int i = 3; i < argc; i++) {
        char name[32];
        int percent;
        if (sscanf(argv[i], "%31[a-z]=%d", name, &percent) != 2) return 2;
        for (int kind = 1; kind <= STORMS; kind++)
            if (!strcmp(name, names[kind]))
                while (percent-- > 0 && slot < 100) kind_of[slot++] = kind;
    }
    late_ring = calloc(LATE, sizeof *late_ring);
    int sock = socket(AF_INET, SOCK_DGRAM, 0), one = 1, buffer = 64 << 20;
    if (setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer))
        setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (setsockopt(sock, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer))
        setsockopt(sock, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    setsockopt(sock, IPPROTO_IP, IP_PKTINFO, &one, sizeof one);
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    if (bind(sock, (struct sockaddr *)&name, sizeof name)) { perror("bind"); return 1; }
    for (int i = 0; i < BATCH; i++) {
        in_vectors[i] = (struct iovec){in[i], PACKET};
        out_vectors[i] = (struct iovec){out[i], 0};
    }
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        struct pollfd ready = {sock, POLLIN, 0};
        poll(&ready, 1, late_head != late_tail || storm.due ? STORM_MS : -1);
        be_late(sock);
        be_stormy(sock);
        for (int i = 0; i < BATCH; i++)
            in_messages[i].msg_hdr = (struct msghdr){&peers[i], sizeof peers[i], &in_vectors[i], 1, control[i], 64, 0};
        int count = recvmmsg(sock, in_messages, BATCH, MSG_DONTWAIT, NULL), answers = 0;
        uint32_t ticks = htonl((uint32_t)(now_ms() / 10) | 0x01000000), seconds = now_ms() / 1000;
        for (int i = 0; i < count; i++) {
            struct msghdr *got = &in_messages[i].msg_hdr;
            struct cmsghdr *header = CMSG_FIRSTHDR(got);
            if (!header || header->cmsg_type != IP_PKTINFO) continue;
            struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(header);
            int kind = kind_of[(ntohl(info->ipi_addr.s_addr) & 0xffffff) % 100];
            if (kind == SILENT) continue;
            struct answer *answer = answer_to(in[i], in_messages[i].msg_len);
            if (!answer) continue;
            uint8_t *packet = out[answers];
            int size = answer->response_size;
            memcpy(packet, answer->response, size);
            memcpy(packet + answer->response_id_at, in[i] + answer->id_at, answer->id_size);
            if (answer->ticks_at >= 0) memcpy(packet + answer->ticks_at, &ticks, 4);
            uint32_t mixed = (ntohl(info->ipi_addr.s_addr) + seconds) * 2654435761u >> 8;
            for (int v = 0; v < answer->varying; v++)
                packet[answer->vary[v].at] += (mixed >> v) % answer->vary[v].span;
            struct in_addr from = info->ipi_addr;
            if (kind) size = misbehave(sock, kind, packet, size, answer->response_id_at, &peers[i], from);
            if (!size) continue;
            info->ipi_spec_dst = from; /* answered from the address that was asked */
            info->ipi_ifindex = 0;
            out_vectors[answers].iov_len = size;
            out_messages[answers].msg_hdr = (struct msghdr){
                &peers[i], sizeof peers[i], &out_vectors[answers], 1, control[i], got->msg_controllen, 0};
            answers++;
        }
        for (int done = 0; done < answers;) {
            int sent = sendmmsg(sock, out_messages + done, answers - done, 0);
            done += sent > 0 ? sent : 1;
        }
    }
}
