# 111111111111
aws iam create-policy --policy-name curated-packages-policy --path / --policy-document '{"Version":"2012-10-17","Statement":[{"Sid":"ECRRead","Effect":"Allow","Action":["ecr:DescribeImageScanFindings","ecr:GetDownloadUrlForLayer","ecr:DescribeRegistry","ecr:DescribePullThroughCacheRules","ecr:DescribeImageReplicationStatus","ecr:ListTagsForResource","ecr:ListImages","ecr:BatchGetImage","ecr:DescribeImages","ecr:DescribeRepositories","ecr:BatchCheckLayerAvailability"],"Resource":"arn:aws:ecr:*:346438352937:repository/*"},{"Sid":"ECRLogin","Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}]}' --tags Key=pullpass:share,Value=packages
aws iam create-role --role-name curated-packages-role --path / --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::999999999999:root","arn:aws:iam::222222222222:root"]},"Action":"sts:AssumeRole"}]}' --tags Key=pullpass:share,Value=packages
aws iam attach-role-policy --role-name curated-packages-role --policy-arn arn:aws:iam::111111111111:policy/curated-packages-policy
# 999999999999
aws iam create-policy --policy-name curated-packages-assume-role-policy --path / --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111111111111:role/curated-packages-role"}]}' --tags Key=pullpass:destination,Value=999999999999 Key=pullpass:share,Value=packages
aws iam create-user --user-name curated-packages-user --path / --tags Key=pullpass:destination,Value=999999999999 Key=pullpass:share,Value=packages
aws iam attach-user-policy --user-name curated-packages-user --policy-arn arn:aws:iam::999999999999:policy/curated-packages-assume-role-policy
(
  set -eu
  umask 077
  mkdir -p -- out/store-001
  mkdir -p -- out/store-002
  key=$(aws iam create-access-key --user-name curated-packages-user --query 'AccessKey.[AccessKeyId,SecretAccessKey]' --output text)
  id=$(printf '%s' "$key" | cut -f1)
  secret=$(printf '%s' "$key" | cut -f2)
  printf '%s\n' '[default]' source_profile=curated-packages-user role_arn=arn:aws:iam::111111111111:role/curated-packages-role region=us-west-2 '' '[profile curated-packages-user]' "aws_access_key_id=$id" "aws_secret_access_key=$secret" > out/store-001/aws-config
  printf 'apiVersion: v1
kind: Secret
metadata:
  name: aws-secret
  namespace: eksa-packages
type: Opaque
data:
  AWS_ACCESS_KEY_ID: ""
  AWS_SECRET_ACCESS_KEY: ""
  REGION: ""
  config: %s\n' "$(base64 < out/store-001/aws-config | tr -d '\n')" > out/store-001/aws-secret.yaml
  printf '%s\n' '[default]' source_profile=curated-packages-user role_arn=arn:aws:iam::111111111111:role/curated-packages-role region=us-west-2 '' '[profile curated-packages-user]' "aws_access_key_id=$id" "aws_secret_access_key=$secret" > out/store-002/aws-config
  printf 'apiVersion: v1
kind: Secret
metadata:
  name: aws-secret
  namespace: eksa-packages
type: Opaque
data:
  AWS_ACCESS_KEY_ID: ""
  AWS_SECRET_ACCESS_KEY: ""
  REGION: ""
  config: %s\n' "$(base64 < out/store-002/aws-config | tr -d '\n')" > out/store-002/aws-secret.yaml
)
