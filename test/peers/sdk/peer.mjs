// One operation of the AWS SDK for JavaScript, by name: node peer.mjs OPERATION [ARGUMENT…].
//
// Credentials and Region come from the SDK's own default chain. The SDK heeds no HTTPS_PROXY by itself; an agent leads it
// there, the way that AWS documents
// (https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/node-configuring-proxies.html).
import { BatchGetImageCommand, ECRClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import { DescribeEksAnywhereSubscriptionCommand, EKSClient } from "@aws-sdk/client-eks";
import {
  CreatePolicyCommand, CreatePolicyVersionCommand, CreateUserCommand, DeletePolicyCommand, DeletePolicyVersionCommand,
  DeleteUserCommand, IAMClient, paginateListPolicyVersions, paginateListUsers,
} from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { HttpsProxyAgent } from "https-proxy-agent";

const httpsAgent = new HttpsProxyAgent(process.env.HTTPS_PROXY);
const settings = { requestHandler: new NodeHttpHandler({ httpsAgent }), maxAttempts: 2 };

const operations = {
  // identity prints the caller's ARN.
  async identity() {
    return (await new STSClient(settings).send(new GetCallerIdentityCommand({}))).Arn;
  },

  // token prints for whom ECR gave a token, not the token.
  async token() {
    const { authorizationData } = await new ECRClient(settings).send(new GetAuthorizationTokenCommand({}));
    const [user] = Buffer.from(authorizationData[0].authorizationToken, "base64").toString().split(":");
    return `${user} at ${authorizationData[0].proxyEndpoint}`;
  },

  // image prints the digest of an image.
  async image(registryId, repositoryName, imageTag) {
    const answer = await new ECRClient(settings).send(
      new BatchGetImageCommand({ registryId, repositoryName, imageIds: [{ imageTag }] }));
    return answer.images[0].imageId.imageDigest;
  },

  // subscription prints the status of a subscription.
  async subscription(id) {
    const answer = await new EKSClient(settings).send(new DescribeEksAnywhereSubscriptionCommand({ id }));
    return answer.subscription.status;
  },

  // users makes 250 users, lists them page by page, and deletes them.
  async users() {
    const client = new IAMClient(settings);
    const names = Array.from({ length: 250 }, (_, i) => `peer-${String(i).padStart(3, "0")}`);
    const each = async (send) => {
      for (let i = 0; i < names.length; i += 25) {
        await Promise.all(names.slice(i, i + 25).map(send));
      }
    };
    await each((UserName) => client.send(new CreateUserCommand({ UserName, Path: "/peer/" })));
    const pages = [];
    const listed = [];
    for await (const page of paginateListUsers({ client, pageSize: 100 }, { PathPrefix: "/peer/" })) {
      pages.push(page.Users.length);
      listed.push(...page.Users.map((user) => user.UserName));
    }
    await each((UserName) => client.send(new DeleteUserCommand({ UserName })));
    const same = JSON.stringify(listed) === JSON.stringify(names);
    return `${pages.join(" + ")} users, ${same ? "each once, in order" : "not those that were made"}`;
  },

  // versions makes as many versions of a policy as there may be, deletes all but the default, then the policy.
  async versions() {
    const client = new IAMClient(settings);
    const PolicyDocument = JSON.stringify({
      Version: "2012-10-17", Statement: { Effect: "Allow", Action: "sts:GetCallerIdentity", Resource: "*" },
    });
    const { Policy: { Arn: PolicyArn } } =
      await client.send(new CreatePolicyCommand({ PolicyName: "peer-versions", PolicyDocument }));
    const version = { PolicyArn, PolicyDocument, SetAsDefault: true };
    for (let i = 0; i < 4; i++) {
      await client.send(new CreatePolicyVersionCommand(version));
    }
    const refused = await client.send(new CreatePolicyVersionCommand(version)).then(() => "nothing", (e) => e.name);
    const kept = [];
    for await (const page of paginateListPolicyVersions({ client }, { PolicyArn })) {
      kept.push(...page.Versions.map((v) => v.VersionId + (v.IsDefaultVersion ? "*" : "")));
    }
    for (const VersionId of kept.filter((id) => !id.endsWith("*"))) {
      await client.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId }));
    }
    await client.send(new DeletePolicyCommand({ PolicyArn }));
    return `${kept.join(" ")}, then ${refused}`;
  },
};

const [name, ...args] = process.argv.slice(2);
try {
  console.log(await operations[name](...args));
} catch (error) {
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
}
