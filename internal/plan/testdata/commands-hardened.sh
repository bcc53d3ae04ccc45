# 111111111111
aws iam create-policy --policy-name pullpass-packages-read --path /pullpass/packages/ --policy-document '{"Version":"2012-10-17","Statement":[{"Sid":"ECRRead","Effect":"Allow","Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"Resource":"arn:aws:ecr:us-west-2:346438352937:repository/*"},{"Sid":"ECRLogin","Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}]}' --tags Key=pullpass:share,Value=packages 'Key=team,Value="Käthes team = 2"'
aws iam create-role --role-name pullpass-packages-999999999999 --path /pullpass/packages/ --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::999999999999:user/pullpass/packages/*"},"StringEquals":{"sts:RoleSessionName":"${aws:username}"}}}]}' --tags Key=pullpass:destination,Value=999999999999 Key=pullpass:share,Value=packages 'Key=team,Value="Käthes team = 2"'
aws iam attach-role-policy --role-name pullpass-packages-999999999999 --policy-arn arn:aws:iam::111111111111:policy/pullpass/packages/pullpass-packages-read
aws iam create-role --role-name pullpass-packages-222222222222 --path /pullpass/packages/ --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::222222222222:user/pullpass/packages/*"},"StringEquals":{"sts:RoleSessionName":"${aws:username}"}}}]}' --tags Key=pullpass:destination,Value=222222222222 Key=pullpass:share,Value=packages 'Key=team,Value="Käthes team = 2"'
aws iam attach-role-policy --role-name pullpass-packages-222222222222 --policy-arn arn:aws:iam::111111111111:policy/pullpass/packages/pullpass-packages-read
# 999999999999
aws iam create-policy --policy-name pullpass-packages-assume-role --path /pullpass/packages/ --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111111111111:role/pullpass/packages/pullpass-packages-999999999999"}]}' --tags Key=pullpass:destination,Value=999999999999 Key=pullpass:share,Value=packages 'Key=team,Value="Käthes team = 2"'
aws iam create-user --user-name pullpass-packages-store-001 --path /pullpass/packages/ --tags Key=pullpass:cluster,Value=store-001 Key=pullpass:destination,Value=999999999999 Key=pullpass:share,Value=packages 'Key=team,Value="Käthes team = 2"'
aws iam attach-user-policy --user-name pullpass-packages-store-001 --policy-arn arn:aws:iam::999999999999:policy/pullpass/packages/pullpass-packages-assume-role
(
  set -eu
  umask 077
  mkdir -p -- out/store-001
  key=$(aws iam create-access-key --user-name pullpass-packages-store-001 --query 'AccessKey.[AccessKeyId,SecretAccessKey]' --output text)
  id=$(printf '%s' "$key" | cut -f1)
  secret=$(printf '%s' "$key" | cut -f2)
  printf '%s\n' '[default]' source_profile=pullpass-packages-store-001 role_arn=arn:aws:iam::111111111111:role/pullpass/packages/pullpass-packages-999999999999 region=us-west-2 role_session_name=pullpass-packages-store-001 '' '[profile pullpass-packages-store-001]' "aws_access_key_id=$id" "aws_secret_access_key=$secret" > out/store-001/aws-config
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
)
aws iam create-user --user-name pullpass-packages-store-002 --path /pullpass/packages/ --tags Key=pullpass:cluster,Value=store-002 Key=pullpass:destination,Value=999999999999 Key=pullpass:share,Value=packages 'Key=team,Value="Käthes team = 2"'
aws iam attach-user-policy --user-name pullpass-packages-store-002 --policy-arn arn:aws:iam::999999999999:policy/pullpass/packages/pullpass-packages-assume-role
(
  set -eu
  umask 077
  mkdir -p -- out/store-002
  key=$(aws iam create-access-key --user-name pullpass-packages-store-002 --query 'AccessKey.[AccessKeyId,SecretAccessKey]' --output text)
  id=$(printf '%s' "$key" | cut -f1)
  secret=$(printf '%s' "$key" | cut -f2)
  printf '%s\n' '[default]' source_profile=pullpass-packages-store-002 role_arn=arn:aws:iam::111111111111:role/pullpass/packages/pullpass-packages-999999999999 region=us-west-2 role_session_name=pullpass-packages-store-002 '' '[profile pullpass-packages-store-002]' "aws_access_key_id=$id" "aws_secret_access_key=$secret" > out/store-002/aws-config
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
