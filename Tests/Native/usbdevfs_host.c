// usbdevfs-host [--] COMMAND ARGS...: a USB host controller in user space.
//
// Runs COMMAND in an umockdev testbed whose USB devices come from USB/IP servers, so that unmodified libusb programs
// meet emulated devices without a kernel driver and without root. Exits as COMMAND does.
//
// The environment variable QKD_USB_HOST names a unix stream socket. A line asks, a line answers:
//   attach HOST PORT BUSID   ->   ok /dev/bus/usb/001/00N   or   error TEXT
// The device is there until the TCP connection to its server ends.
//
// Build: gcc -O2 -o usbdevfs-host usbdevfs_*.c usbip_link.c $(pkg-config --cflags --libs umockdev-1.0)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/usb/ch9.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "usbdevfs_node.h"

enum { BUS = 1, FIRST_NUMBER = 2, LAST_NUMBER = 127, PORTS = 64, CONTROL_SECONDS = 5 };

struct device {
    UsbNode *node;  // owns the link
    struct usbip_link *link;
    GByteArray *descriptors;  // the node's
    char *texts[3], *path, *syspath;
    uint32_t speed, number, port;
    gboolean present, ended;
};

static UMockdevTestbed *testbed;
static char *root;
static GMutex bus;  // the testbed and everything below
static GCond bus_changed;
static struct device *devices[LAST_NUMBER + 1];
static gboolean ports[PORTS + 1], closing;
static uint32_t last_number = FIRST_NUMBER - 1;

// MARK: what the device says of itself

static int get_descriptor(struct usbip_link *link, uint8_t kind, uint8_t index, uint16_t language, uint8_t *bytes,
                          uint16_t length) {
    const uint8_t setup[8] = {USB_DIR_IN, USB_REQ_GET_DESCRIPTOR, index, kind, language & 0xff, language >> 8,
                              length & 0xff, length >> 8};
    return usbip_control(link, setup, bytes, CONTROL_SECONDS);
}

static char *get_string(struct usbip_link *link, uint8_t index) {
    uint8_t bytes[255];
    int count = index == 0 ? 0 : get_descriptor(link, USB_DT_STRING, index, 0x0409, bytes, sizeof bytes);
    if (count < 2 || bytes[1] != USB_DT_STRING || bytes[0] < 2 || bytes[0] > count) return NULL;
    gunichar2 text[127];
    for (int i = 0; i < (bytes[0] - 2) / 2; i++) text[i] = (gunichar2)(bytes[2 + 2 * i] | bytes[3 + 2 * i] << 8);
    return g_utf16_to_utf8(text, (bytes[0] - 2) / 2, NULL, NULL, NULL);
}

static char *enumerate(struct device *device) {
    struct usbip_link *link = device->link;
    g_autofree uint8_t *bytes = g_malloc(UINT16_MAX);
    GByteArray *all = device->descriptors = g_byte_array_new();
    if (get_descriptor(link, USB_DT_DEVICE, 0, 0, bytes, USB_DT_DEVICE_SIZE) != USB_DT_DEVICE_SIZE ||
        bytes[0] != USB_DT_DEVICE_SIZE || bytes[1] != USB_DT_DEVICE || bytes[17] == 0)
        return g_strdup("the device has no good device descriptor");
    g_byte_array_append(all, bytes, USB_DT_DEVICE_SIZE);
    for (uint8_t i = 0; i < all->data[17]; i++) {
        int head = get_descriptor(link, USB_DT_CONFIG, i, 0, bytes, USB_DT_CONFIG_SIZE);
        uint16_t total = head == USB_DT_CONFIG_SIZE ? bytes[2] | (uint16_t)(bytes[3] << 8) : 0;
        if (total < USB_DT_CONFIG_SIZE || get_descriptor(link, USB_DT_CONFIG, i, 0, bytes, total) != total ||
            bytes[0] != USB_DT_CONFIG_SIZE || bytes[1] != USB_DT_CONFIG || (bytes[2] | bytes[3] << 8) != total)
            return g_strdup_printf("the device has no good configuration descriptor %u", i);
        g_byte_array_append(all, bytes, total);
    }
    for (int i = 0; i < 3; i++) device->texts[i] = get_string(link, all->data[14 + i]);
    const uint8_t setup[8] = {0, USB_REQ_SET_CONFIGURATION, all->data[USB_DT_DEVICE_SIZE + 5]};
    int set = usbip_control(link, setup, NULL, CONTROL_SECONDS);
    return set == 0 ? NULL : g_strdup_printf("the device refuses its configuration: %s", g_strerror(-set));
}

// MARK: plug and unplug, with `bus` held

static void plug(struct device *device) {
    static const char *const speeds[] = {"480", "1.5", "12", "480", "480", "5000", "10000"};
    static const char *const texts[] = {"manufacturer", "product", "serial"};
    const uint8_t *d = device->descriptors->data, *c = d + USB_DT_DEVICE_SIZE;
    const uint32_t minor = (BUS - 1) * 128 + device->number - 1;
    g_autoptr(GPtrArray) attributes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) properties = g_ptr_array_new_with_free_func(g_free);
#define ADD(list, name, ...) \
    (g_ptr_array_add(list, g_strdup(name)), g_ptr_array_add(list, g_strdup_printf(__VA_ARGS__)))
    ADD(attributes, "busnum", "%d\n", BUS);
    ADD(attributes, "devnum", "%u\n", device->number);
    ADD(attributes, "dev", "189:%u\n", minor);
    ADD(attributes, "devpath", "%u\n", device->port);
    ADD(attributes, "idVendor", "%02x%02x\n", d[9], d[8]);
    ADD(attributes, "idProduct", "%02x%02x\n", d[11], d[10]);
    ADD(attributes, "bcdDevice", "%02x%02x\n", d[13], d[12]);
    ADD(attributes, "bDeviceClass", "%02x\n", d[4]);
    ADD(attributes, "bDeviceSubClass", "%02x\n", d[5]);
    ADD(attributes, "bDeviceProtocol", "%02x\n", d[6]);
    ADD(attributes, "bMaxPacketSize0", "%u\n", d[7]);
    ADD(attributes, "bNumConfigurations", "%u\n", d[17]);
    ADD(attributes, "bNumInterfaces", "%2u\n", c[4]);
    ADD(attributes, "bConfigurationValue", "%u\n", c[5]);
    ADD(attributes, "version", "%2x.%02x\n", d[3], d[2]);
    ADD(attributes, "speed", "%s\n", speeds[device->speed < G_N_ELEMENTS(speeds) ? device->speed : 0]);
    for (int i = 0; i < 3; i++)
        if (device->texts[i] != NULL) ADD(attributes, texts[i], "%s\n", device->texts[i]);
    ADD(properties, "DEVTYPE", "usb_device");
    ADD(properties, "SUBSYSTEM", "usb");
    ADD(properties, "DEVNAME", "%s", device->path);
    ADD(properties, "MAJOR", "189");
    ADD(properties, "MINOR", "%u", minor);
    ADD(properties, "BUSNUM", "%03d", BUS);
    ADD(properties, "DEVNUM", "%03u", device->number);
    ADD(properties, "PRODUCT", "%x/%x/%x", d[8] | d[9] << 8, d[10] | d[11] << 8, d[12] | d[13] << 8);
    ADD(properties, "TYPE", "%u/%u/%u", d[4], d[5], d[6]);
#undef ADD
    g_ptr_array_add(attributes, NULL);
    g_ptr_array_add(properties, NULL);
    // Adding sends the event "add", so the binary attribute has to be there before.
    g_autofree char *folder = g_strconcat(root, device->syspath, NULL);
    g_mkdir_with_parents(folder, 0755);
    umockdev_testbed_set_attribute_binary(testbed, device->syspath, "descriptors", device->descriptors->data,
                                          (int)device->descriptors->len);
    g_autofree char *name = g_path_get_basename(device->syspath);
    g_free(umockdev_testbed_add_devicev(testbed, "usb", name, NULL, (char **)attributes->pdata,
                                        (char **)properties->pdata));
}

static void configured(UsbNode *node) {
    g_mutex_lock(&bus);
    struct device *device = devices[node->number];
    if (device != NULL && device->node == node && device->present)
        umockdev_testbed_set_attribute_int(testbed, device->syspath, "bConfigurationValue", (int)node->configuration);
    g_mutex_unlock(&bus);
}

static void free_device(struct device *device) {
    for (int i = 0; i < 3; i++) g_free(device->texts[i]);
    g_free(device->path);
    g_free(device->syspath);
    g_free(device);
}

// The node's socket stays until its number is needed again: umockdev ends a client that opens the node at the very
// moment when the socket goes away.
static gboolean forget(uint32_t number) {
    struct device *device = devices[number];
    if (device == NULL) return TRUE;
    if (!device->ended) return FALSE;
    devices[number] = NULL;
    umockdev_testbed_detach_ioctl(testbed, device->path, NULL);
    g_object_unref(device->node);
    free_device(device);
    return TRUE;
}

// On the link's thread.
static void unplugged(void *argument) {
    struct device *device = argument;
    g_mutex_lock(&bus);
    if (device->node != NULL) usb_node_unplug(device->node);
    if (device->present) {
        umockdev_testbed_uevent(testbed, device->syspath, "remove");
        umockdev_testbed_remove_device(testbed, device->syspath);
        ports[device->port] = FALSE;
    }
    device->present = FALSE;
    device->ended = TRUE;
    g_cond_broadcast(&bus_changed);
    g_mutex_unlock(&bus);
}

static int make_pipe(const char *path) {
    g_autofree char *real = g_strconcat(root, path, NULL), *folder = g_path_get_dirname(real);
    g_mkdir_with_parents(folder, 0755);
    if (mkfifo(real, 0666) != 0) return -1;
    chmod(real, 0666);
    int fd = open(real, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) fcntl(fd, F_SETPIPE_SZ, 4096);
    return fd;
}

static char *place(struct device *device) {
    if (closing || device->ended) return g_strdup("the connection ended early");
    uint32_t tries = LAST_NUMBER;
    do last_number = last_number == LAST_NUMBER ? FIRST_NUMBER : last_number + 1;
    while (!forget(last_number) && --tries > 0);
    uint32_t port = 1;
    while (port <= PORTS && ports[port]) port++;
    if (tries == 0 || port > PORTS) return g_strdup("the bus is full");
    device->number = last_number;
    device->port = port;
    device->path = g_strdup_printf("/dev/bus/usb/%03d/%03u", BUS, device->number);
    device->syspath = g_strdup_printf("/sys/devices/%d-%u", BUS, port);
    int fifo = make_pipe(device->path);
    if (fifo < 0) return g_strdup_printf("no pipe for %s: %s", device->path, g_strerror(errno));
    device->node = usb_node_new(device->link, device->speed, device->number, device->descriptors, fifo);
    device->node->configured = configured;
    umockdev_testbed_attach_ioctl(testbed, device->path, UMOCKDEV_IOCTL_BASE(device->node), NULL);
    devices[device->number] = device;
    ports[port] = device->present = TRUE;
    plug(device);
    return NULL;
}

// MARK: the control socket

static char *attach(const char *host, const char *port, const char *busid) {
    g_autofree char *error = NULL;
    struct device *device = g_new0(struct device, 1);
    device->link = usbip_import(host, port, busid, &device->speed, &error);
    if (device->link != NULL) {
        usbip_start(device->link, unplugged, device);
        error = enumerate(device);
        g_mutex_lock(&bus);
        if (error == NULL) error = place(device);
        char *reply = error != NULL ? NULL : g_strdup_printf("ok %s\n", device->path);
        g_mutex_unlock(&bus);
        if (reply != NULL) return reply;
        usbip_free(device->link);
        g_byte_array_unref(device->descriptors);
    }
    free_device(device);
    return g_strdup_printf("error %s\n", error);
}

static void *serve(void *argument) {
    FILE *stream = fdopen(GPOINTER_TO_INT(argument), "r");
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stream) > 0) {
        g_auto(GStrv) words = g_strsplit_set(g_strstrip(line), " ", -1);
        g_autofree char *reply = g_strv_length(words) == 4 && strcmp(words[0], "attach") == 0
            ? attach(words[1], words[2], words[3]) : g_strdup("error not understood\n");
        if (send(fileno(stream), reply, strlen(reply), MSG_NOSIGNAL) < 0) break;
    }
    free(line);
    fclose(stream);
    return NULL;
}

static void *listen_for_clients(void *argument) {
    int fd, listener = GPOINTER_TO_INT(argument);
    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        g_thread_unref(g_thread_new("control", serve, GINT_TO_POINTER(fd)));
    return NULL;
}

static int open_control(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 16) != 0) return -1;
    return fd;
}

// MARK: the command

static int await(pid_t child, const sigset_t *signals) {
    for (;;) {
        siginfo_t info;
        int status, number = sigwaitinfo(signals, &info);
        if (number == SIGCHLD && waitpid(child, &status, WNOHANG) == child)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        // A signal from the terminal has reached the command already.
        if (number > 0 && number != SIGCHLD && info.si_code != SI_KERNEL) kill(child, number);
    }
}

static int run(char **command) {
    sigset_t signals, before;
    sigemptyset(&signals);
    for (const int *s = (const int[]){SIGCHLD, SIGINT, SIGTERM, SIGHUP, 0}; *s != 0; s++) sigaddset(&signals, *s);
    sigprocmask(SIG_BLOCK, &signals, &before);  // before any thread starts
    testbed = umockdev_testbed_new();
    root = umockdev_testbed_get_root_dir(testbed);
    g_autofree char *folder = g_dir_make_tmp("qkd-usb.XXXXXX", NULL), *path = g_build_filename(folder, "host", NULL);
    int listener = open_control(path), code = 125;
    if (listener < 0 || !umockdev_in_mock_environment()) {
        fprintf(stderr, "usbdevfs-host: %s\n", listener < 0 ? "no control socket" : "libumockdev-preload is missing");
    } else {
        GThread *thread = g_thread_new("listen", listen_for_clients, GINT_TO_POINTER(listener));
        g_setenv("QKD_USB_HOST", path, TRUE);
        posix_spawnattr_t how;
        posix_spawnattr_init(&how);
        posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK);
        posix_spawnattr_setsigmask(&how, &before);
        pid_t child;
        int failed = posix_spawnp(&child, command[0], NULL, &how, command, environ);
        if (failed != 0) fprintf(stderr, "usbdevfs-host: cannot run %s: %s\n", command[0], g_strerror(failed));
        code = failed != 0 ? 127 : await(child, &signals);
        posix_spawnattr_destroy(&how);
        shutdown(listener, SHUT_RDWR);
        g_thread_join(thread);
    }
    g_mutex_lock(&bus);
    closing = TRUE;
    for (uint32_t number = 0; number <= LAST_NUMBER; number++) {
        while (devices[number] != NULL && !devices[number]->ended) {
            usbip_hang_up(devices[number]->link);
            g_cond_wait(&bus_changed, &bus);
        }
        forget(number);
    }
    g_mutex_unlock(&bus);
    g_object_unref(testbed);
    g_free(root);
    unlink(path);
    rmdir(folder);
    return code;
}

int main(int count, char **arguments) {
    char **command = arguments + (count > 1 && strcmp(arguments[1], "--") == 0 ? 2 : 1);
    if (command[0] == NULL) {
        fprintf(stderr, "usage: usbdevfs-host [--] COMMAND ARGS...\n");
        return 2;
    }
    const char *preload = g_getenv("LD_PRELOAD");
    if (preload != NULL && strstr(preload, "libumockdev-preload") != NULL) return run(command);
    // The host itself needs the library too, and only a new start of the program can load it. Last, for it hides /sys
    // from the libraries after it.
    g_autofree char *list = g_strjoin(preload != NULL ? ":" : "", preload != NULL ? preload : "",
                                      "libumockdev-preload.so.0", NULL);
    g_setenv("LD_PRELOAD", list, TRUE);
    execv("/proc/self/exe", arguments);
    perror("usbdevfs-host: exec");
    return 126;
}
