#define _GNU_SOURCE /* strcasestr */
#include "fakes/issuer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TEXT = 32768 };

struct issuer {
    issuer_answer *answer;
    void *user;
    int listener;
    char url[64];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t came;
    unsigned count;
    bool stopping;
};

static size_t body_length(const char *head)
{
    const char *found = strcasestr(head, "\r\ncontent-length:");
    return found ? strtoul(found + 17, NULL, 10) : 0;
}

/* Reads one request; false when the other side left. */
static bool receive(int client, char *text)
{
    size_t held = 0;
    for (;;) {
        ssize_t got = recv(client, text + held, TEXT - 1 - held, 0);
        if (got <= 0)
            return false;
        held += (size_t)got;
        text[held] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        if (end && held - (size_t)(end + 4 - text) >= body_length(text))
            return true;
    }
}

static void serve(issuer_t *issuer, int client)
{
    static _Thread_local char request[TEXT], answer[TEXT * 4];
    if (!receive(client, request))
        return;
    answer[0] = '\0';
    issuer->answer(issuer->user, request, answer, sizeof answer);
    pthread_mutex_lock(&issuer->lock);
    issuer->count++;
    pthread_cond_broadcast(&issuer->came);
    pthread_mutex_unlock(&issuer->lock);
    if (answer[0])
        (void)!send(client, answer, strlen(answer), MSG_NOSIGNAL);
    else
        (void)!recv(client, request, 1, 0); /* comes back when he leaves */
}

static void *run(void *user)
{
    issuer_t *issuer = user;
    for (;;) {
        int client = accept(issuer->listener, NULL, NULL);
        pthread_mutex_lock(&issuer->lock);
        bool stopping = issuer->stopping;
        pthread_mutex_unlock(&issuer->lock);
        if (client >= 0 && !stopping)
            serve(issuer, client);
        if (client >= 0)
            close(client);
        if (client < 0 || stopping)
            return NULL;
    }
}

issuer_t *issuer_start(issuer_answer *answer, void *user)
{
    issuer_t *issuer = calloc(1, sizeof *issuer);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    issuer->answer = answer;
    issuer->user = user;
    issuer->listener = socket(AF_INET, SOCK_STREAM, 0);
    pthread_mutex_init(&issuer->lock, NULL);
    pthread_cond_init(&issuer->came, NULL);
    if (bind(issuer->listener, (struct sockaddr *)&address, length) != 0 ||
        listen(issuer->listener, 16) != 0 ||
        getsockname(issuer->listener, (struct sockaddr *)&address, &length) != 0 ||
        pthread_create(&issuer->thread, NULL, run, issuer) != 0)
        abort();
    snprintf(issuer->url, sizeof issuer->url, "http://127.0.0.1:%d/v1/heartbeat",
             ntohs(address.sin_port));
    return issuer;
}

void issuer_stop(issuer_t *issuer)
{
    pthread_mutex_lock(&issuer->lock);
    issuer->stopping = true;
    pthread_mutex_unlock(&issuer->lock);
    shutdown(issuer->listener, SHUT_RDWR); /* which ends accept */
    pthread_join(issuer->thread, NULL);
    close(issuer->listener);
    free(issuer);
}

const char *issuer_url(const issuer_t *issuer)
{
    return issuer->url;
}

void issuer_wait(issuer_t *issuer, unsigned count)
{
    pthread_mutex_lock(&issuer->lock);
    while (issuer->count < count)
        pthread_cond_wait(&issuer->came, &issuer->lock);
    pthread_mutex_unlock(&issuer->lock);
}
