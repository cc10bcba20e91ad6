#include "container/manifest.h"

#include <string.h>

#include <cJSON.h>

#include "base/fault.h"
#include "container/json_text.h"

enum { FORMAT = 1, FPS = 25, MIN_SIDE = 64, MAX_KEYS = 64, MAX_TEXT = 1023 };

/* A parsed manifest on its way into the struct. */
typedef struct source {
    const cJSON *root;
    const char *label;
} source_t;

/* Looking for duplicates takes the square of the keys, so their number is bounded first. */
static be_status check_keys(const cJSON *object, const char *label)
{
    int count = 0;
    for (const cJSON *item = object->child; item; item = item->next) {
        BEI_CHECK(!cJSON_IsObject(object) || ++count <= MAX_KEYS, label,
                  "the manifest has an object of more than %d keys", MAX_KEYS);
        for (const cJSON *other = object->child; cJSON_IsObject(object) && other != item;
             other = other->next)
            BEI_CHECK(strcmp(item->string, other->string) != 0, label,
                      "the manifest has the key '%.40s' twice", item->string);
        BEI_TRY(check_keys(item, label));
    }
    return BE_OK;
}

static be_status get_item(const source_t *source, const char *key, const cJSON **item)
{
    *item = cJSON_GetObjectItemCaseSensitive(source->root, key);
    BEI_CHECK(*item, source->label, "the manifest lacks '%s'", key);
    return BE_OK;
}

static be_status get_integer(const source_t *source, const char *key, uint32_t low, uint32_t high,
                             uint32_t *value)
{
    const cJSON *item;
    BEI_TRY(get_item(source, key, &item));
    BEI_CHECK(cJSON_IsNumber(item), source->label, "the manifest's '%s' is not a number", key);
    double number = item->valuedouble;
    /* Written so that a NaN fails too, before the cast. */
    BEI_CHECK(number >= low && number <= high, source->label,
              "the manifest's '%s' is %g, not %u to %u", key, number, low, high);
    *value = (uint32_t)number;
    BEI_CHECK((double)*value == number, source->label, "the manifest's '%s' is %g, not an integer",
              key, number);
    return BE_OK;
}

static be_status get_text(const source_t *source, const char *key, size_t limit, const char **text)
{
    const cJSON *item;
    BEI_TRY(get_item(source, key, &item));
    BEI_CHECK(cJSON_IsString(item), source->label, "the manifest's '%s' is not a text", key);
    *text = item->valuestring;
    size_t length = strlen(*text);
    BEI_CHECK(length <= limit, source->label, "the manifest's '%s' has %zu bytes, the limit is %zu",
              key, length, limit);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)(*text)[i];
        BEI_CHECK(c >= 0x20 && c != 0x7f, source->label,
                  "the manifest's '%s' holds a control character", key);
    }
    return BE_OK;
}

/* One of two words; *second says which. */
static be_status get_choice(const source_t *source, const char *key, const char *no,
                            const char *yes, bool *second)
{
    const char *text = NULL;
    BEI_TRY(get_text(source, key, MAX_TEXT, &text));
    *second = strcmp(text, yes) == 0;
    BEI_CHECK(*second || strcmp(text, no) == 0, source->label,
              "the manifest's '%s' is '%.40s', neither '%s' nor '%s'", key, text, no, yes);
    return BE_OK;
}

/* A key that may be absent, which is false. */
static be_status get_flag(const source_t *source, const char *key, bool *flag)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(source->root, key);
    BEI_CHECK(!item || cJSON_IsBool(item), source->label,
              "the manifest's '%s' is neither true nor false", key);
    *flag = item && cJSON_IsTrue(item);
    return BE_OK;
}

static be_status copy_name(const source_t *source, const char *key, char to[128])
{
    const char *text;
    BEI_TRY(get_text(source, key, 127, &text));
    BEI_CHECK(text[0] != '\0', source->label, "the manifest's '%s' is empty", key);
    memcpy(to, text, strlen(text) + 1);
    return BE_OK;
}

bool bei_manifest_is_slug(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    /* strchr finds the end of an empty text too */
    return strspn(text, letters) == strlen(text) && !strchr("._-", text[0]);
}

static be_status get_side(const source_t *source, const char *key, uint32_t *side)
{
    BEI_TRY(get_integer(source, key, MIN_SIDE, BEI_IMX_MAX_SIDE, side));
    BEI_CHECK(*side % 2 == 0, source->label, "the manifest's '%s' is %u, not even", key, *side);
    return BE_OK;
}

static be_status check_format(const source_t *source)
{
    uint32_t format;
    BEI_TRY(get_integer(source, "format", 0, UINT32_MAX, &format));
    BEI_CHECK(format == FORMAT, source->label, "manifest format %u, this engine reads %d", format,
              FORMAT);
    return BE_OK;
}

/* Texts for people only: checked, not kept. */
static be_status check_notes(const source_t *source)
{
    static const char *const keys[] = {"license", "source", "tool"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *text;
        BEI_TRY(get_text(source, keys[i], MAX_TEXT, &text));
    }
    return BE_OK;
}

static be_status fill_names(const source_t *source, bei_imx_manifest_t *out)
{
    BEI_TRY(copy_name(source, "name", out->name));
    BEI_TRY(copy_name(source, "identity", out->identity));
    BEI_CHECK(bei_manifest_is_slug(out->identity), source->label,
              "the manifest's 'identity' is '%.40s', not a slug", out->identity);
    return BE_OK;
}

/* What it asks of who plays it. An issuer is named by metered avatars, and by no others. */
static be_status fill_terms(const source_t *source, bei_imx_manifest_t *out)
{
    BEI_TRY(get_choice(source, "auth", "none", "heartbeat", &out->metered));
    BEI_TRY(get_flag(source, "unmetered", &out->may_be_unmetered));
    BEI_TRY(get_flag(source, "insecure", &out->may_be_insecure));
    if (out->metered)
        return copy_name(source, "issuer", out->issuer);
    out->issuer[0] = '\0';
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(source->root, "issuer");
    BEI_CHECK(!item || (cJSON_IsString(item) && !*item->valuestring), source->label,
              "the manifest has an 'issuer', but 'auth' is 'none'");
    return BE_OK;
}

static be_status fill(const source_t *source, bei_imx_manifest_t *out)
{
    BEI_TRY(check_keys(source->root, source->label));
    BEI_TRY(check_format(source));
    BEI_TRY(check_notes(source));
    BEI_TRY(fill_names(source, out));
    BEI_TRY(get_side(source, "width", &out->width));
    BEI_TRY(get_side(source, "height", &out->height));
    BEI_TRY(get_integer(source, "fps", FPS, FPS, &out->fps));
    BEI_TRY(fill_terms(source, out));
    return get_choice(source, "loop", "forward", "pingpong", &out->pingpong);
}

be_status bei_manifest_parse(bei_span_t section, const char *label, bei_imx_manifest_t *out)
{
    BEI_TRY(bei_json_text_check(section, label));
    /* The parser gets a terminated copy: some of its releases read past the end of others. */
    char *text = bei_alloc(section.size + 1);
    if (!text)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for the manifest of %s", label);
    memcpy(text, section.data, section.size);
    text[section.size] = '\0';
    cJSON *root = cJSON_ParseWithLengthOpts(text, section.size + 1, NULL, 1);
    be_status result;
    if (root)
        result = fill(&(source_t){root, label}, out);
    else
        result = bei_fault_set(BE_ERR_FILE_CORRUPT, label, "the manifest is not JSON");
    cJSON_Delete(root);
    bei_free(text);
    return result;
}
