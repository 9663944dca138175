// USB/IP 1.1.1 as the Linux kernel documents it (Documentation/usb/usbip_protocol).
#define _GNU_SOURCE
#include "usbip_link.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { VERSION = 0x0111, REQ_IMPORT = 0x8003, REP_IMPORT = 0x0003 };
enum { CMD_SUBMIT = 1, CMD_UNLINK = 2, RET_SUBMIT = 3, RET_UNLINK = 4 };
enum { FLAG_DIR_IN = 0x200, HANDSHAKE_SECONDS = 5 };

struct frame {
    uint32_t command, seqnum, devid, direction, endpoint;
    uint32_t word[5];  // submit: flags, length, start frame, packets, interval; answer: status, length, ...
    uint8_t setup[8];
};
G_STATIC_ASSERT(sizeof(struct frame) == 48);

struct imported {
    char path[256], busid[32];
    uint32_t busnum, devnum, speed;
    uint16_t vendor, product, release;
    uint8_t about[6];
};
G_STATIC_ASSERT(sizeof(struct imported) == 312);

struct usbip_link {
    int socket;
    uint32_t devid;
    GMutex lock;        // table, unlinks, next, gone
    GHashTable *table;  // seqnum -> struct usbip_urb
    GHashTable *unlinks;  // seqnum of an unlink -> seqnum of its URB
    uint32_t next;
    gboolean gone;
    GMutex sending;
    GThread *thread;
    void (*ended)(void *);
    void *context;
};

static gboolean receive(int fd, void *bytes, size_t count) {
    while (count > 0) {
        ssize_t got = recv(fd, bytes, count, MSG_WAITALL);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return FALSE;
        bytes = (char *)bytes + got;
        count -= (size_t)got;
    }
    return TRUE;
}

static gboolean transmit(int fd, const void *head, size_t head_count, const void *bytes, size_t count) {
    struct iovec parts[2] = {{(void *)head, head_count}, {(void *)bytes, count}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    while (parts[0].iov_len + parts[1].iov_len > 0) {
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return FALSE;
        for (int i = 0; i < 2; i++) {
            size_t taken = MIN((size_t)sent, parts[i].iov_len);
            parts[i].iov_base = (char *)parts[i].iov_base + taken;
            parts[i].iov_len -= taken;
            sent -= (ssize_t)taken;
        }
    }
    return TRUE;
}

static int dial(const char *host, const char *port) {
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(host, port, &wanted, &found) != 0) return -1;
    int fd = -1;
    for (struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    if (fd >= 0) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return fd;
}

static void limit_receiving(int fd, int seconds) {
    struct timeval limit = {.tv_sec = seconds};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

struct usbip_link *usbip_import(const char *host, const char *port, const char *busid, uint32_t *speed, char **error) {
    struct { uint16_t version, code; uint32_t status; char busid[32]; } request = {
        .version = htons(VERSION), .code = htons(REQ_IMPORT)};
    struct { uint16_t version, code; uint32_t status; } reply;
    struct imported device;
    g_strlcpy(request.busid, busid, sizeof request.busid);
    int fd = dial(host, port);
    if (fd < 0) {
        *error = g_strdup_printf("cannot connect to %s port %s", host, port);
        return NULL;
    }
    limit_receiving(fd, HANDSHAKE_SECONDS);
    if (!transmit(fd, &request, sizeof request, NULL, 0) || !receive(fd, &reply, sizeof reply))
        *error = g_strdup("the server said nothing to the import request");
    else if (ntohs(reply.version) != VERSION || ntohs(reply.code) != REP_IMPORT)
        *error = g_strdup_printf("the server answered code 0x%04x of version 0x%04x", ntohs(reply.code),
                                 ntohs(reply.version));
    else if (reply.status != 0)
        *error = g_strdup_printf("the server refuses %s with status %u", busid, ntohl(reply.status));
    else if (!receive(fd, &device, sizeof device))
        *error = g_strdup("the server's description of the device is cut short");
    if (*error != NULL) {
        close(fd);
        return NULL;
    }
    limit_receiving(fd, 0);
    *speed = ntohl(device.speed);
    struct usbip_link *link = g_new0(struct usbip_link, 1);
    link->socket = fd;
    link->devid = ntohl(device.busnum) << 16 | ntohl(device.devnum);
    link->next = 1;
    link->table = g_hash_table_new(NULL, NULL);
    link->unlinks = g_hash_table_new(NULL, NULL);
    g_mutex_init(&link->lock);
    g_mutex_init(&link->sending);
    return link;
}

static struct usbip_urb *take(struct usbip_link *link, uint32_t seqnum) {
    void *urb = NULL;
    g_mutex_lock(&link->lock);
    g_hash_table_steal_extended(link->table, GUINT_TO_POINTER(seqnum), NULL, &urb);
    g_mutex_unlock(&link->lock);
    return urb;
}

static const char *submitted(struct usbip_link *link, const struct frame *answer) {
    struct usbip_urb *urb = take(link, ntohl(answer->seqnum));
    if (urb == NULL) return "an answer to no URB in flight";
    urb->status = (int32_t)ntohl(answer->word[0]);
    uint32_t actual = ntohl(answer->word[1]);
    const char *fault = NULL;
    if (actual > urb->length)
        fault = "more bytes than asked for";
    else if (urb->endpoint & 0x80) {
        urb->data = actual > 0 ? g_malloc(actual) : NULL;
        if (!receive(link->socket, urb->data, actual)) fault = "";
    }
    if (fault != NULL)
        urb->status = -ESHUTDOWN;
    else
        urb->actual = actual;
    urb->done(urb);
    return fault;
}

static const char *unlinked(struct usbip_link *link, const struct frame *answer) {
    void *target = NULL;
    g_mutex_lock(&link->lock);
    gboolean known = g_hash_table_steal_extended(link->unlinks, GUINT_TO_POINTER(ntohl(answer->seqnum)), NULL, &target);
    g_mutex_unlock(&link->lock);
    if (!known) return "an answer to no unlink request";
    struct usbip_urb *urb = take(link, GPOINTER_TO_UINT(target));
    if (urb != NULL) {
        urb->status = -ENOENT;
        urb->done(urb);
    }
    return NULL;
}

static void *run(void *argument) {
    struct usbip_link *link = argument;
    struct frame answer;
    const char *fault = NULL;
    while (fault == NULL && receive(link->socket, &answer, sizeof answer)) {
        switch (ntohl(answer.command)) {
        case RET_SUBMIT: fault = submitted(link, &answer); break;
        case RET_UNLINK: fault = unlinked(link, &answer); break;
        default: fault = "an unknown command";
        }
    }
    if (fault != NULL && *fault != 0) fprintf(stderr, "usbdevfs-host: the USB/IP server sent %s\n", fault);
    usbip_hang_up(link);
    g_mutex_lock(&link->lock);
    link->gone = TRUE;
    GList *rest = g_hash_table_get_values(link->table);
    g_hash_table_remove_all(link->table);
    g_mutex_unlock(&link->lock);
    for (GList *at = rest; at != NULL; at = at->next) {
        struct usbip_urb *urb = at->data;
        urb->status = -ESHUTDOWN;
        urb->done(urb);
    }
    g_list_free(rest);
    if (link->ended != NULL) link->ended(link->context);
    return NULL;
}

void usbip_start(struct usbip_link *link, void (*ended)(void *), void *context) {
    link->ended = ended;
    link->context = context;
    link->thread = g_thread_new("usbip", run, link);
}

gboolean usbip_submit(struct usbip_link *link, struct usbip_urb *urb) {
    gboolean in = (urb->endpoint & 0x80) != 0;
    struct frame command = {
        .command = htonl(CMD_SUBMIT), .devid = htonl(link->devid), .direction = htonl(in),
        .endpoint = htonl(urb->endpoint & 0x0f),
        .word = {htonl(urb->flags | (in ? FLAG_DIR_IN : 0)), htonl(urb->length), 0, 0, htonl(urb->interval)},
    };
    memcpy(command.setup, urb->setup, sizeof command.setup);
    // The URB may be done, and its bytes reused, as soon as it is in the table.
    g_autofree uint8_t *bytes = in ? NULL : g_steal_pointer(&urb->data);
    uint32_t count = in ? 0 : urb->length;
    g_mutex_lock(&link->sending);
    g_mutex_lock(&link->lock);
    gboolean gone = link->gone;
    if (!gone) {
        urb->seqnum = link->next++;
        command.seqnum = htonl(urb->seqnum);
        g_hash_table_insert(link->table, GUINT_TO_POINTER(urb->seqnum), urb);
    }
    g_mutex_unlock(&link->lock);
    if (!gone && !transmit(link->socket, &command, sizeof command, bytes, count)) usbip_hang_up(link);
    g_mutex_unlock(&link->sending);
    return !gone;
}

void usbip_unlink(struct usbip_link *link, uint32_t seqnum) {
    struct frame command = {.command = htonl(CMD_UNLINK), .devid = htonl(link->devid), .word = {htonl(seqnum)}};
    g_mutex_lock(&link->sending);
    g_mutex_lock(&link->lock);
    gboolean wanted = !link->gone && g_hash_table_contains(link->table, GUINT_TO_POINTER(seqnum));
    if (wanted) {
        uint32_t own = link->next++;
        command.seqnum = htonl(own);
        g_hash_table_insert(link->unlinks, GUINT_TO_POINTER(own), GUINT_TO_POINTER(seqnum));
    }
    g_mutex_unlock(&link->lock);
    if (wanted && !transmit(link->socket, &command, sizeof command, NULL, 0)) usbip_hang_up(link);
    g_mutex_unlock(&link->sending);
}

struct waited {
    struct usbip_urb urb;
    GMutex lock;
    GCond cond;
    gboolean over;
};

static void waited_done(struct usbip_urb *urb) {
    struct waited *wait = (struct waited *)urb;
    g_mutex_lock(&wait->lock);
    wait->over = TRUE;
    g_cond_signal(&wait->cond);
    g_mutex_unlock(&wait->lock);
}

int usbip_control(struct usbip_link *link, const uint8_t setup[8], uint8_t *data, unsigned seconds) {
    struct waited wait = {.urb = {.endpoint = setup[0] & 0x80, .done = waited_done}};
    wait.urb.length = setup[6] | (uint32_t)setup[7] << 8;
    memcpy(wait.urb.setup, setup, 8);
    if (!(setup[0] & 0x80) && wait.urb.length > 0) wait.urb.data = g_memdup2(data, wait.urb.length);
    g_mutex_init(&wait.lock);
    g_cond_init(&wait.cond);
    int result = -ENODEV;
    if (usbip_submit(link, &wait.urb)) {
        gint64 end = g_get_monotonic_time() + seconds * G_TIME_SPAN_SECOND;
        g_mutex_lock(&wait.lock);
        while (!wait.over)
            if (!g_cond_wait_until(&wait.cond, &wait.lock, end)) break;
        if (!wait.over) usbip_hang_up(link);  // ends every URB, this one too
        while (!wait.over) g_cond_wait(&wait.cond, &wait.lock);
        g_mutex_unlock(&wait.lock);
        result = wait.urb.status != 0 ? wait.urb.status : (int)wait.urb.actual;
        if (result > 0 && wait.urb.data != NULL) memcpy(data, wait.urb.data, (size_t)result);
    }
    g_free(wait.urb.data);
    g_cond_clear(&wait.cond);
    g_mutex_clear(&wait.lock);
    return result;
}

void usbip_hang_up(struct usbip_link *link) { shutdown(link->socket, SHUT_RDWR); }

void usbip_free(struct usbip_link *link) {
    usbip_hang_up(link);
    if (link->thread != NULL) g_thread_join(link->thread);
    close(link->socket);
    g_hash_table_unref(link->table);
    g_hash_table_unref(link->unlinks);
    g_mutex_clear(&link->lock);
    g_mutex_clear(&link->sending);
    g_free(link);
}
