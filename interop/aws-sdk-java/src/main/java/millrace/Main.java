package millrace;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.function.Consumer;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.Protocol;
import software.amazon.awssdk.http.ProtocolNegotiation;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardRequest;

/**
 * Walks through a stream's life with the AWS SDK for Java v2, which speaks CBOR: over HTTP/1.1, over HTTP/2 with prior
 * knowledge, and over TLS with ALPN. Reads MILLRACE_HTTP, MILLRACE_HTTPS, MILLRACE_CA and the usual AWS_ variables.
 */
public final class Main {
  private Main() {}

  public static void main(String[] args) throws Exception {
    TrustManager[] trust = trustOnly(System.getenv("MILLRACE_CA"));
    String http = System.getenv("MILLRACE_HTTP");
    String https = System.getenv("MILLRACE_HTTPS");
    run("http1", http, netty -> netty.protocol(Protocol.HTTP1_1));
    run("h2c", http, netty -> netty.protocol(Protocol.HTTP2));
    run("tls", https, netty -> netty.protocol(Protocol.HTTP2).tlsTrustManagersProvider(() -> trust));
    run("alpn", https, netty -> netty.protocol(Protocol.HTTP2).protocolNegotiation(ProtocolNegotiation.ALPN)
        .tlsTrustManagersProvider(() -> trust));
    // The SDK's threads are not daemons.
    System.exit(0);
  }

  private static void run(String name, String endpoint, Consumer<NettyNioAsyncHttpClient.Builder> settings)
      throws Exception {
    long started = System.nanoTime();
    NettyNioAsyncHttpClient.Builder netty = NettyNioAsyncHttpClient.builder();
    settings.accept(netty);
    try (KinesisAsyncClient client = KinesisAsyncClient.builder()
        .endpointOverride(URI.create(endpoint))
        .httpClientBuilder(netty)
        // A fault is to be seen, not retried away.
        .overrideConfiguration(o -> o.retryStrategy(DefaultRetryStrategy.doNotRetry()).addExecutionInterceptor(new CborButForEvents()))
        .build()) {
      new Walk(client, "java-" + name).run();
    } catch (Exception | AssertionError error) {
      throw new Exception("over " + name, error);
    }
    System.out.printf("%s in %d ms%n", name, (System.nanoTime() - started) / 1_000_000);
  }

  static TrustManager[] trustOnly(String pemFile) throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream pem = new FileInputStream(pemFile)) {
      store.setCertificateEntry("millrace", CertificateFactory.getInstance("X.509").generateCertificate(pem));
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  /** The SDK's event streams speak JSON whatever the other calls do. */
  private static final class CborButForEvents implements ExecutionInterceptor {
    @Override
    public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
      String type = context.httpRequest().firstMatchingHeader("Content-Type").orElse("nothing");
      boolean isSubscribe = context.request() instanceof SubscribeToShardRequest;
      if (!type.equals("application/x-amz-" + (isSubscribe ? "json" : "cbor") + "-1.1")) throw new AssertionError("the SDK sends " + type);
    }
  }
}
