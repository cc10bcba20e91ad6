import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.ptr.PointerByReference;
import essence.Essence;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Check LIBRARY AVATAR.imx SPEECH.wav: prints the layout of each struct as JNA sees it, whether each
 * function is there, and what wheels/smoke.c prints: the digest of one second of speech.
 */
public class Check {
    static final int RATE = 16000;

    /** Without a parameter, so that the fields of a struct that JNA keeps to itself can be asked. */
    static void layouts() throws ReflectiveOperationException {
        Method offset = Structure.class.getDeclaredMethod("fieldOffset", String.class);
        offset.setAccessible(true);
        for (Class<?> kind : Essence.class.getDeclaredClasses()) {
            if (!Structure.class.isAssignableFrom(kind) || kind == Essence.Struct.class) {
                continue;
            }
            Structure made = (Structure) kind.getDeclaredConstructor().newInstance();
            System.out.println(kind.getSimpleName() + " " + made.size());
            for (String name : kind.getAnnotation(Structure.FieldOrder.class).value()) {
                Field field = kind.getField(name);
                System.out.println(
                        kind.getSimpleName() + "." + field.getName() + " " + offset.invoke(made, name));
            }
        }
    }

    /** The second second of a 24 kHz file at 16 kHz: two of three samples. */
    static float[] speech(String path) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(Path.of(path)));
        file.order(ByteOrder.LITTLE_ENDIAN);
        float[] pcm = new float[RATE];
        for (int i = 0; i < RATE; i++) {
            pcm[i] = file.getShort(44 + 2 * (3 * (i + RATE) / 2)) / 32768.0f;
        }
        return pcm;
    }

    public static void main(String[] arguments) throws Exception {
        Essence library = Essence.load(arguments[0]);
        layouts();
        PointerByReference made = new PointerByReference();
        must(library, library.be_fixture_load(arguments[1], null, made));
        Essence.Fixture avatar = new Essence.Fixture(made);
        Essence.FixtureInfo info = new Essence.FixtureInfo();
        must(library, library.be_fixture_get_info(avatar, info));
        must(library, library.be_runtime_create(avatar, null, made));
        Essence.Runtime stream = new Essence.Runtime(made);

        must(library, library.be_runtime_push_audio(
                stream, java.nio.FloatBuffer.wrap(speech(arguments[2])), RATE));
        must(library, library.be_runtime_flush(stream));
        ByteBuffer bgr = ByteBuffer.allocateDirect(info.frame_width * info.frame_height * 3);
        long digest = 0xcbf29ce484222325L;
        int frames = 0;
        while (library.be_runtime_pull_frame(stream, -1, bgr, bgr.capacity(), null)
                == Essence.BE_OK) {
            for (int i = 0; i < bgr.capacity(); i++) {
                digest = (digest ^ (bgr.get(i) & 0xff)) * 1099511628211L;
            }
            frames++;
        }
        Essence.Stats stats = new Essence.Stats();
        must(library, library.be_runtime_get_stats(stream, stats));
        int refused = library.be_fixture_load("/n\u00f6 avatar", null, made);
        String reason = library.be_last_error_message();

        // The other way round: the library calls, and Java ends it after three frames.
        int[] called = {0};
        Essence.FrameCallback three = (frame, mouth, source, picture, width, height, user) -> {
            called[0] += picture.getByte(0) == picture.getByte(0) ? 1 : 0;
            return called[0] == 3 ? 1 : 0;
        };
        must(library, library.be_session_render_pcm(
                stream, java.nio.FloatBuffer.wrap(speech(arguments[2])), RATE, null, three, Pointer.NULL));
        library.be_runtime_destroy(stream);
        library.be_fixture_release(avatar);
        System.out.printf("stats %d %d%n", stats.frames, stats.stage[Essence.BE_STAGE_COMPOSE].count);
        System.out.printf("refused %d %s%n", refused, reason);
        System.out.printf("called %d%n", called[0]);
        System.out.printf("%d frames, digest 0x%016x, %s%n", frames, digest,
                library.be_library_version());
    }

    static void must(Essence library, int status) {
        if (status != Essence.BE_OK) {
            throw new IllegalStateException(library.be_last_error_message());
        }
    }
}
