/* The limit of a whole job: hashes an input and an output, copies the output with one fsync, and looks each unit of the input up once,
   on two threads. limit INPUT OUTPUT COPY */
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE (2 << 20)
static uint64_t texts[65536], sum;
static char **paths;

static EVP_MD_CTX *begun(void) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!EVP_DigestInit_ex(context, EVP_sha256(), NULL)) abort();
    return context;
}

static void ended(EVP_MD_CTX *context) {
    unsigned char digest[64];
    if (!EVP_DigestFinal_ex(context, digest, NULL)) abort();
    sum += digest[0];
    EVP_MD_CTX_free(context);
}

/* Reads and hashes the input; each two bytes become a text of eight, which the next overwrites at the third. */
static void *input(void *unused) {
    int file = open(paths[1], O_RDONLY);
    unsigned char *piece = malloc(PIECE), *out = malloc(3 * PIECE);
    EVP_MD_CTX *context = begun();
    for (ssize_t size; (size = read(file, piece, PIECE)) > 0;) {
        EVP_DigestUpdate(context, piece, size);
        unsigned char *to = out;
        for (ssize_t i = 0; i + 1 < size; i += 2, to += 3) memcpy(to, &texts[piece[i] << 8 | piece[i + 1]], 8);
        sum += out[size];
    }
    ended(context);
    return unused;
}

/* Reads, hashes and writes the output. */
static void *output(void *unused) {
    int from = open(paths[2], O_RDONLY), to = open(paths[3], O_CREAT | O_TRUNC | O_WRONLY, 0600);
    unsigned char *piece = malloc(PIECE);
    EVP_MD_CTX *context = begun();
    for (ssize_t size; (size = read(from, piece, PIECE)) > 0;) {
        EVP_DigestUpdate(context, piece, size);
        if (write(to, piece, size) != size) abort();
    }
    if (fsync(to)) abort();
    ended(context);
    return unused;
}

int main(int count, char **given) {
    pthread_t other;
    if (count != 4) return 2;
    paths = given;
    for (int i = 0; i < 65536; i++) texts[i] = i * 0x9E3779B97F4A7C15u;
    if (pthread_create(&other, NULL, input, NULL)) return 1;
    output(NULL);
    pthread_join(other, NULL);
    printf("%llu\n", (unsigned long long)sum);
}
