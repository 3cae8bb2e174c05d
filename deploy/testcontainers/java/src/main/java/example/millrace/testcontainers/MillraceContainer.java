package example.millrace.testcontainers;

import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/** A container of Millrace in memory, a server for the Amazon Kinesis Data Streams API. */
public class MillraceContainer extends GenericContainer<MillraceContainer> {
  public static final DockerImageName IMAGE = DockerImageName.parse("registry.example/millrace:0.1.0");

  private static final int PORT = 4567;

  private final List<String> serve = new ArrayList<>(List.of("serve", "--engine", "memory"));

  public MillraceContainer() {
    this(IMAGE);
  }

  public MillraceContainer(DockerImageName image) {
    super(image);
    withExposedPorts(PORT);
    waitingFor(Wait.forHttp("/health").forPort(PORT));
  }

  /** Creates streams at start, each as {@code name:shards} or {@code name:shards:region}. */
  public MillraceContainer withStreams(String... streams) {
    for (String stream : streams) {
      serve.addAll(List.of("--stream", stream));
    }
    return this;
  }

  /** More arguments of {@code millrace serve}, such as {@code --dev} or {@code --limits}, {@code aws}. */
  public MillraceContainer withArguments(String... arguments) {
    serve.addAll(Arrays.asList(arguments));
    return this;
  }

  @Override
  protected void configure() {
    setCommand(serve.toArray(String[]::new));
  }

  public URI getEndpoint() {
    return URI.create("http://" + getHost() + ":" + getMappedPort(PORT));
  }

  public String getRegion() {
    return "us-east-1";
  }

  /** The server takes any keys. */
  public String getAccessKey() {
    return "test";
  }

  public String getSecretKey() {
    return "test";
  }
}
