import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;

/** Decodes a file held in memory with a JVM charset and encodes it as UTF-8; prints the best seconds of several rounds. */
public final class DecodeBench {
    public static void main(String[] args) throws Exception {
        byte[] bytes = Files.readAllBytes(Paths.get(args[0]));
        Charset charset = Charset.forName(args[1]);
        int rounds = Integer.parseInt(args[2]);
        CharBuffer chars = CharBuffer.allocate(1 << 16);
        ByteBuffer utf8 = ByteBuffer.allocate(1 << 18);
        double best = Double.MAX_VALUE;
        long written = 0;
        for (int round = 0; round < rounds; round++) {
            long start = System.nanoTime();
            CharsetDecoder decoder = charset.newDecoder()
                .onMalformedInput(CodingErrorAction.REPLACE).onUnmappableCharacter(CodingErrorAction.REPLACE);
            var encoder = StandardCharsets.UTF_8.newEncoder()
                .onMalformedInput(CodingErrorAction.REPLACE).onUnmappableCharacter(CodingErrorAction.REPLACE);
            ByteBuffer in = ByteBuffer.wrap(bytes);
            written = 0;
            while (in.hasRemaining()) {
                decoder.decode(in, chars, true);
                chars.flip();
                encoder.encode(chars, utf8, true);
                written += utf8.position();
                utf8.clear();
                chars.clear();
            }
            best = Math.min(best, (System.nanoTime() - start) / 1e9);
        }
        System.out.println(best + " " + written);
    }
}
