/* The bound: as little as a poller can do. 10 OIDs asked of each of N agents by sendmmsg over one
   socket, a window of them in flight, each answer matched by id and address and its values read.

   bound_snmp PORT AGENTS ROUNDS REQUEST-HEX ID-OFFSET   prints: answered wall-seconds cpu-seconds */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 256, PACKET = 2048, WINDOW = 4096 };
static uint8_t out[BATCH][PACKET], in[BATCH][PACKET];
static struct sockaddr_in to[BATCH], from[BATCH];
static struct iovec out_vectors[BATCH], in_vectors[BATCH];
static struct mmsghdr out_messages[BATCH], in_messages[BATCH];

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static double cpu(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int enter(const uint8_t *p, int at, int *length) {
    *length = p[at + 1];
    if (!(*length & 0x80)) return at + 2;
    int octets = *length & 0x7f;
    *length = 0;
    at += 2;
    while (octets--) *length = *length << 8 | p[at++];
    return at;
}

/* The request-id, and the sum of the numbers read, so that reading them is not optimised away. */
static uint32_t read_answer(const uint8_t *p, uint64_t *sum) {
    int length, at = enter(p, 0, &length);
    at = enter(p, at, &length) + length;
    at = enter(p, at, &length) + length;
    at = enter(p, at, &length);
    uint32_t id = 0;
    at = enter(p, at, &length);
    for (int i = 0; i < length; i++) id = id << 8 | p[at++];
    at = enter(p, at, &length) + length;
    at = enter(p, at, &length) + length;
    at = enter(p, at, &length);
    int stop = at + length;
    while (at < stop) {
        at = enter(p, at, &length);
        at = enter(p, at, &length) + length;
        at = enter(p, at, &length);
        uint64_t value = 0;
        for (int i = 0; i < length; i++) value = value << 8 | p[at++];
        *sum += value;
    }
    return id;
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    int port = atoi(argv[1]), agents = atoi(argv[2]), rounds = atoi(argv[3]), id_at = atoi(argv[5]);
    int size = strlen(argv[4]) / 2, buffer = 16 << 20;
    uint8_t request[PACKET];
    for (int i = 0; i < size; i++) sscanf(argv[4] + 2 * i, "%2hhx", &request[i]);
    int sock = socket(AF_INET, SOCK_DGRAM, 0);
    if (setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer))
        setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    for (int i = 0; i < BATCH; i++) {
        memcpy(out[i], request, size);
        to[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
        out_vectors[i] = (struct iovec){out[i], size};
        in_vectors[i] = (struct iovec){in[i], PACKET};
        out_messages[i].msg_hdr = (struct msghdr){&to[i], sizeof to[i], &out_vectors[i], 1, 0, 0, 0};
        in_messages[i].msg_hdr = (struct msghdr){&from[i], sizeof from[i], &in_vectors[i], 1, 0, 0, 0};
    }
    uint64_t sum = 0;
    long answered = 0, total = (long)agents * rounds, sent = 0;
    double begun = seconds(), used = cpu(), heard = begun;
    while (answered < total && seconds() - heard < 2) {
        int burst = 0;
        while (burst < BATCH && sent < total && sent - answered < WINDOW) {
            uint32_t id = htonl(0x01000000 + sent);
            memcpy(out[burst] + id_at, &id, 4);
            to[burst++].sin_addr.s_addr = htonl(0x7f010000 + sent % agents);
            sent++;
        }
        for (int done = 0; done < burst;) {
            int n = sendmmsg(sock, out_messages + done, burst - done, 0);
            done += n > 0 ? n : 1;
        }
        if (!burst) { struct pollfd ready = {sock, POLLIN, 0}; poll(&ready, 1, 100); }
        int count = recvmmsg(sock, in_messages, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < count; i++) {
            long number = read_answer(in[i], &sum) - 0x01000000;
            if (number >= 0 && number < sent && from[i].sin_addr.s_addr == htonl(0x7f010000 + number % agents))
                answered++;
        }
        if (count > 0) heard = seconds();
    }
    printf("%ld %.6f %.6f\n", answered, seconds() - begun, cpu() - used);
    return sum == 1;
}
