import com.google.gson.JsonParser;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.util.JsonFormat;
import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Follows a state topic of Mandate, or reads its golden messages (../README.md says how to run it). */
public final class Follow {
    /** How new a record is (edition, ce_sequence, form), and its line. */
    record Told(List<Integer> age, String line) {}

    private final Map<String, Descriptor> contract = new HashMap<>();

    Follow(String descriptors) throws Exception {
        var files = new HashMap<String, FileDescriptor>();
        for (FileDescriptorProto file : FileDescriptorSet.parseFrom(new FileInputStream(descriptors)).getFileList()) {
            var needs = file.getDependencyList().stream().map(files::get).toArray(FileDescriptor[]::new);
            files.put(file.getName(), FileDescriptor.buildFrom(file, needs));
        }
        files.values().forEach(file -> file.getMessageTypes().forEach(one -> contract.put(one.getFullName(), one)));
    }

    /** Throws whatever is wrong with a record that cannot be read. */
    Told read(String key, byte[] value, Map<String, String> headers) throws Exception {
        var kind = contract.get(headers.get("ce_type"));
        var message = JsonFormat.printer().omittingInsignificantWhitespace().print(DynamicMessage.parseFrom(kind, value));
        var age = List.of("edition", "ce_sequence", "form").stream().map(headers::get).map(Integer::valueOf).toList();
        var shown = age.get(0) + "/" + age.get(1) + "/" + age.get(2);
        return new Told(age, String.join(" ", kind.getName(), key, shown, message));
    }

    public static void main(String[] words) throws Exception {
        var follow = new Follow(System.getenv("MANDATE_BINPB"));
        if (!words[0].equals("golden")) {
            new Live(follow).run(words[1], words[2], List.of(words).contains("--follow"));
            return;
        }
        for (String line : Files.readAllLines(Path.of(words[1]))) {
            var vector = JsonParser.parseString(line).getAsJsonObject();
            var headers = new HashMap<String, String>();
            vector.getAsJsonObject("headers").entrySet().forEach(one -> headers.put(one.getKey(), one.getValue().getAsString()));
            var value = Base64.getDecoder().decode(vector.get("value").getAsString());
            System.out.println(follow.read(vector.get("key").getAsString(), value, headers).line());
        }
    }
}
