/* Says what an avatar file holds and which library reads it.
 *
 *     inspect AVATAR.imx */
#include <essence.h>

#include <stdio.h>

static const char *provider(be_ep ep)
{
    switch (ep) {
    case BE_EP_CPU:
        return "CPU";
    case BE_EP_COREML:
        return "Core ML";
    case BE_EP_NNAPI:
        return "NNAPI";
    case BE_EP_QNN:
        return "QNN";
    default:
        return "unknown";
    }
}

static void print_message(be_log_level level, const char *message, void *user)
{
    (void)user;
    fprintf(stderr, "%s: %s\n", level <= BE_LOG_ERROR ? "error" : "note", message);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: inspect AVATAR.imx\n");
        return 64;
    }
    be_set_log_callback(print_message, NULL, BE_LOG_WARN);
    printf("library          essence %s, ABI %u revision %u (compiled for ABI %d revision %d)\n",
           be_library_version(), (unsigned)be_abi_version(), (unsigned)be_abi_revision(),
           BE_ABI_VERSION, BE_ABI_REVISION);

    be_fixture_t *avatar = NULL;
    be_fixture_info_t info;
    be_status status = be_fixture_load(argv[1], NULL, &avatar);
    if (status == BE_OK)
        status = be_fixture_get_info(avatar, &info);
    if (status != BE_OK) {
        fprintf(stderr, "inspect: %s (status %d)\n", be_last_error_message(), (int)status);
        be_fixture_release(avatar);
        return 1;
    }
    printf("picture          %u x %u pixels\n", (unsigned)info.frame_width,
           (unsigned)info.frame_height);
    printf("source frames    %u (%.1f s at 25 per second)\n", (unsigned)info.source_frame_count,
           info.source_frame_count / 25.0);
    printf("mouths           %u, the one at rest included\n", (unsigned)info.cluster_count);
    printf("sound            %u Hz, %u samples per frame\n", (unsigned)info.audio_sample_rate,
           (unsigned)info.audio_samples_per_tick);
    printf("encoder          %u x %u log-mel in, %u coordinates out, on %s\n",
           (unsigned)info.mel_frames_per_chunk, (unsigned)info.mel_bins,
           (unsigned)info.embedding_dim, provider(info.active_ep));
    be_fixture_release(avatar);
    return 0;
}
