import java.io.FileInputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;

/**
 * Reads as a consumer of a group until SIGTERM: FILE with its settings, then the
 * topics, of which the group gives it partitions. With evenkeel.assign=0,1 among
 * the settings it takes these partitions of the only topic for itself. With
 * evenkeel.tell it prints of each message partition, offset and value.
 */
public final class Member {
    public static void main(String[] args) throws Throwable {
        Properties settings = new Properties();
        try (FileInputStream in = new FileInputStream(args[0])) {
            settings.load(in);
        }
        List<String> topics = Arrays.asList(args).subList(1, args.length);
        Object assign = settings.remove("evenkeel.assign");
        boolean tell = settings.remove("evenkeel.tell") != null;
        KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings);
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            consumer.wakeup();
            try {
                main.join(); // the JVM waits for this thread, and so for the farewell
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        if (assign == null) {
            consumer.subscribe(topics, new Announcer());
        } else {
            List<TopicPartition> partitions = new ArrayList<>();
            for (String partition : assign.toString().split(",")) {
                partitions.add(new TopicPartition(topics.get(0), Integer.parseInt(partition)));
            }
            consumer.assign(partitions);
            new Announcer().onPartitionsAssigned(partitions);
        }
        MethodHandle poll = poll(consumer);
        long committed = System.nanoTime();
        try {
            while (true) {
                ConsumerRecords<?, ?> records = (ConsumerRecords<?, ?>) poll.invoke();
                if (tell) {
                    for (ConsumerRecord<?, ?> record : records) {
                        System.out.println("read: " + record.partition() + " " + record.offset() + " "
                                + new String((byte[]) record.value(), StandardCharsets.UTF_8));
                    }
                }
                // 0.9 commits of its own accord for members only.
                if (assign != null && System.nanoTime() - committed > 200_000_000) {
                    consumer.commitAsync();
                    committed = System.nanoTime();
                }
            }
        } catch (WakeupException e) {
            System.out.println("leaving");
        } finally {
            consumer.close();
        }
    }

    /** The one argument of poll is a Duration from 2.0 on, and was milliseconds up to 3.x. */
    private static MethodHandle poll(KafkaConsumer<?, ?> consumer) throws ReflectiveOperationException {
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        try {
            return MethodHandles.insertArguments(lookup.bind(consumer, "poll",
                    MethodType.methodType(ConsumerRecords.class, Duration.class)), 0, Duration.ofMillis(200));
        } catch (NoSuchMethodException e) {
            return MethodHandles.insertArguments(lookup.bind(consumer, "poll",
                    MethodType.methodType(ConsumerRecords.class, long.class)), 0, 200L);
        }
    }

    private static final class Announcer implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            System.out.println("assigned: " + partitions);
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            System.out.println("revoked: " + partitions);
        }
    }

    private Member() {}
}
