import java.lang.reflect.Method;

/** Runs one ZooKeeper server for each configuration file named, all in this JVM. */
public final class Ensemble {
    public static void main(String[] files) throws Exception {
        // By reflection, so that one compiled class serves every release.
        Method main = Class.forName("org.apache.zookeeper.server.quorum.QuorumPeerMain")
                .getMethod("main", String[].class);
        for (String file : files) {
            Thread server = new Thread(() -> {
                try {
                    main.invoke(null, (Object) new String[] {file});
                } catch (ReflectiveOperationException e) {
                    e.printStackTrace();
                    System.exit(1);
                }
            }, file);
            server.start();
        }
    }

    private Ensemble() {}
}
