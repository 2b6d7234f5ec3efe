import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The newest state of each key of a topic; what is not known of a key has an age and no line. */
final class Live {
    private static final Comparator<List<Integer>> AGES =
            Comparator.<List<Integer>>comparingInt(a -> a.get(0)).thenComparingInt(a -> a.get(1)).thenComparingInt(a -> a.get(2));

    private final Follow contract;
    private final Map<String, List<Integer>> ages = new HashMap<>();
    private final Map<String, String> lines = new TreeMap<>();

    Live(Follow contract) {
        this.contract = contract;
    }

    /** The line of a record that is news, else null. A tombstone, and what cannot be read, take its key's line away. */
    private String take(ConsumerRecord<byte[], byte[]> record) {
        var key = record.key() == null ? "" : new String(record.key(), UTF_8);
        try {
            if (record.value() == null) {
                lines.remove(key);
                return null;
            }
            var headers = new HashMap<String, String>();
            record.headers().forEach(one -> headers.put(one.key(), new String(one.value(), UTF_8)));
            var told = contract.read(key, record.value(), headers);
            var before = ages.get(key);
            if (before != null && AGES.compare(told.age(), before) <= 0) {
                return null; // a repeat, or a late record: delivery is at least once
            }
            ages.put(key, told.age());
            lines.put(key, told.line());
            return told.line();
        } catch (Exception cause) {
            lines.remove(key);
            System.err.printf("dead letter %s/%d@%d: %s%n", record.topic(), record.partition(), record.offset(), cause);
            return null;
        }
    }

    void run(String broker, String topic, boolean follow) {
        var settings = new Properties();
        settings.put("bootstrap.servers", broker);
        settings.put("enable.auto.commit", "false"); // no group: all partitions, each from its beginning
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            var parts = consumer.partitionsFor(topic).stream().map(one -> new TopicPartition(topic, one.partition())).toList();
            consumer.assign(parts);
            consumer.seekToBeginning(parts);
            var ends = consumer.endOffsets(parts);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(200)).forEach(this::take);
            }
            lines.values().forEach(System.out::println);
            while (follow) {
                for (var record : consumer.poll(Duration.ofMillis(200))) {
                    var line = take(record);
                    if (line != null) {
                        System.out.println(line);
                    }
                }
            }
        }
    }
}
